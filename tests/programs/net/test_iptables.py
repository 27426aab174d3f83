"""``iptables -L``: one rule a line; expected lines are those that iptables 1.8.11 printed of the same rules."""

import pytest

from kubesim.programs.net.iptables import listed

ANYWHERE = "0.0.0.0/0            "


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        (
            '-p tcp -m comment --comment "default/sticky" -m recent --set --name KUBE-SEP-A --mask 255.255.255.255'
            " --rsource -m tcp -j DNAT --to-destination 10.42.0.7:80",
            f"DNAT       tcp  --  {ANYWHERE}{ANYWHERE}/* default/sticky */ recent: SET name: KUBE-SEP-A side: source"
            " mask: 255.255.255.255 tcp to:10.42.0.7:80",
        ),
        (
            '-m comment --comment "default/sticky -> 10.42.0.7:80" -m recent --rcheck --seconds 10800 --reap --name'
            " KUBE-SEP-A --mask 255.255.255.255 --rsource -j KUBE-SEP-A",
            f"KUBE-SEP-A  all  --  {ANYWHERE}{ANYWHERE}/* default/sticky -> 10.42.0.7:80 */ recent: CHECK seconds:"
            " 10800 reap name: KUBE-SEP-A side: source mask: 255.255.255.255",
        ),
        (
            "-m conntrack --ctstate INVALID -m nfacct --nfacct-name  ct_state_invalid_dropped_pkts -j DROP",
            f"DROP       all  --  {ANYWHERE}{ANYWHERE}ctstate INVALID nfacct-name  ct_state_invalid_dropped_pkts",
        ),
        (
            '! -s 10.42.0.0/16 -d 10.43.20.21/32 -p tcp -m comment --comment "default/sticky cluster IP" -m tcp'
            " --dport 80 -j KUBE-MARK-MASQ",
            "KUBE-MARK-MASQ  tcp  -- !10.42.0.0/16         10.43.20.21          /* default/sticky cluster IP */"
            " tcp dpt:80",
        ),
        (
            '-m comment --comment "rule to log dropped traffic" -m limit --limit 10/min --limit-burst 10 -m mark !'
            ' --mark 0x10000/0x10000 -j NFLOG --nflog-prefix "DROP by policy a/b" --nflog-group 100',
            f"NFLOG      all  --  {ANYWHERE}{ANYWHERE}/* rule to log dropped traffic */ limit: avg 10/min burst 10 mark"
            ' match ! 0x10000/0x10000 nflog-prefix "DROP by policy a/b" nflog-group 100',
        ),
        ("-j MARK --set-xmark 0x0/0x10000", f"MARK       all  --  {ANYWHERE}{ANYWHERE}MARK and 0xfffeffff"),
        ("-p tcp -m tcp --dport 80:90 -j RETURN", f"RETURN     tcp  --  {ANYWHERE}{ANYWHERE}tcp dpts:80:90"),
        ("-p icmp -m icmp --icmp-type 8 -j ACCEPT", f"ACCEPT     icmp --  {ANYWHERE}{ANYWHERE}icmptype 8"),
        (
            "-p tcp -m addrtype --dst-type LOCAL -m multiport --dports 30000:32767 -j RETURN",
            f"RETURN     tcp  --  {ANYWHERE}{ANYWHERE}ADDRTYPE match dst-type LOCAL multiport dports 30000:32767",
        ),
        (
            "-d 10.42.0.5/32 -m physdev --physdev-is-bridged -j KUBE-POD-FW-X",
            f"KUBE-POD-FW-X  all  --  {ANYWHERE}10.42.0.5            PHYSDEV match --physdev-is-bridged",
        ),
    ],
)
def test_one_rule(rule: str, line: str) -> None:
    assert listed(rule, numeric=True) == line


def test_verbose_has_counters_and_interfaces() -> None:
    assert listed("! -i cni0 -j KUBE-MARK-MASQ", numeric=True, verbose=True) == (
        "    0     0 KUBE-MARK-MASQ  all  --  !cni0  *       0.0.0.0/0            0.0.0.0/0           "
    )
