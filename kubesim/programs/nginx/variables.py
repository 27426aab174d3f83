"""The variables of a configuration of nginx: which there are, which are defined, and which are used."""

from __future__ import annotations

import re
from collections.abc import Sequence

_NAMES = """
ancient_browser args binary_remote_addr body_bytes_sent bytes_sent connection connection_requests connection_time
connections_active connections_reading connections_waiting connections_writing content_length content_type date_gmt
date_local document_root document_uri fastcgi_path_info fastcgi_script_name gzip_ratio host hostname http2 http3
https invalid_referer is_args limit_conn_status limit_rate limit_req_status memcached_key modern_browser msec msie
nginx_version pid pipe proxy_add_x_forwarded_for proxy_host proxy_port proxy_protocol_addr proxy_protocol_port
proxy_protocol_server_addr proxy_protocol_server_port query_string realip_remote_addr realip_remote_port
realpath_root remote_addr remote_port remote_user request request_body request_body_file request_completion
request_filename request_id request_length request_method request_time request_uri scheme secure_link
secure_link_expires server_addr server_name server_port server_protocol slice_range ssl_alpn_protocol ssl_cipher
ssl_ciphers ssl_client_cert ssl_client_escaped_cert ssl_client_fingerprint ssl_client_i_dn ssl_client_i_dn_legacy
ssl_client_raw_cert ssl_client_s_dn ssl_client_s_dn_legacy ssl_client_serial ssl_client_v_end ssl_client_v_remain
ssl_client_v_start ssl_client_verify ssl_curve ssl_curves ssl_early_data ssl_protocol ssl_server_name ssl_session_id
ssl_session_reused ssl_sigalg status tcpinfo_rcv_space tcpinfo_rtt tcpinfo_rttvar tcpinfo_snd_cwnd time_iso8601
time_local uid_got uid_reset uid_set upstream_addr upstream_bytes_received upstream_bytes_sent
upstream_cache_last_modified upstream_cache_etag upstream_cache_status upstream_connect_time
upstream_first_byte_time upstream_header_time upstream_last_server_name upstream_response_length
upstream_response_time upstream_session_time upstream_status uri
"""
_PREFIXES = """
arg_ cookie_ http_ proxy_protocol_tlv_ sent_http_ sent_trailer_ upstream_cookie_ upstream_http_ upstream_trailer_
"""
NAMES = frozenset(_NAMES.split())
"""The variables that there are whatever the configuration says."""
PREFIXES = tuple(_PREFIXES.split())
"""What begins the name of a variable for each header, cookie or argument of a request."""
_USED = re.compile(r"\$(?:\{(\w*)(\}?)|(\w*))", re.ASCII)
_CAPTURED = re.compile(r"\(\?P?<([A-Za-z_]\w*)>")
_DEFINED_AT = {"set": 0, "map": 1, "geo": -1, "split_clients": 1, "auth_request_set": 0}
"""Which word of a directive is a variable that it defines."""
_PATTERN_AT = {"rewrite": 0}
"""Which word is a regular expression, where a dollar is none of a variable."""
_ALSO = frozenset({"log_format"})
"""Directives that hold variables in spite of what the table says."""


class Variables:
    """Those of one configuration."""

    def __init__(self) -> None:
        self._defined: set[str] = set()
        self._used: dict[str, None] = {}

    def of(self, name: str, words: Sequence[str], may_hold: bool) -> str:
        """Note what a directive defines and uses; what is wrong with it."""
        for word in words:
            self.captures(word)
        defined = _DEFINED_AT.get(name)
        if defined is not None and words:
            self._defined.add(words[defined].removeprefix("$").lower())
            defined %= len(words)
        if name == "if":
            first = words[0].removeprefix("(") or (words[1] if len(words) > 1 else "")
            return self.used([first.rstrip(")")])
        if not may_hold and name not in _ALSO:
            return ""
        skipped = (defined, _PATTERN_AT.get(name))
        return self.used([word for number, word in enumerate(words) if number not in skipped])

    def captures(self, pattern: str) -> None:
        """Note the names that a regular expression gives to its groups."""
        self._defined.update(each.lower() for each in _CAPTURED.findall(pattern))

    def used(self, words: Sequence[str]) -> str:
        """Note the variables in words; what is wrong with how they are written."""
        for word in words:
            if word.startswith("~"):
                continue
            for match in _USED.finditer(word):
                found = match[1] if match[1] is not None else match[3]
                if match[1] is not None and found and not match[2]:
                    return f'the closing bracket in "{found}" variable is missing'
                if not found:
                    return "invalid variable name"
                self._used.setdefault(found.lower())
        return ""

    def unknown(self) -> str:
        """The first variable that is used and that nothing defines; empty where there is none."""
        for name in self._used:
            if not (name.isdecimal() or name in NAMES or name in self._defined or name.startswith(PREFIXES)):
                return name
        return ""
