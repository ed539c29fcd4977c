#!/bin/sh
# Makes the Python environment for a purpose (run, test, bench) from hash-locked requirements; the second call costs nothing.
# Says in one sentence what is wrong, and ends with 2.
set -eu
cd "$(dirname "$0")/.."
purpose=${1:-run}
python=${PYTHON:-python3}

stop() { printf '%s\n' "$1" >&2; exit 2; }

command -v "$python" >/dev/null 2>&1 || stop "Python 3.11 or newer is needed, and $python is not there."
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    stop "Python 3.11 or newer is needed; $python is $("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])'). Set PYTHON to a newer one."
[ -w . ] || stop "This folder cannot be written, and the environment belongs in it; clone Kapok to a folder of yours."

case $purpose in
    run) wanted="requirements/run.txt" ;;
    test) wanted="requirements/run.txt requirements/test.txt" ;;
    bench) wanted="requirements/run.txt requirements/test.txt requirements/bench.txt" ;;
    *) stop "Purposes are run, test and bench." ;;
esac

# A stamp names the locks it was made from; `test` holds all of `run`, `bench` all of both.
mkdir -p .stamps 2>/dev/null || stop "The folder .stamps cannot be made here."
mark=$("$python" - $wanted <<'PY'
import hashlib, pathlib, sys
print(hashlib.sha256(b"".join(pathlib.Path(name).read_bytes() for name in sys.argv[1:])).hexdigest()[:16], sys.version_info[:2])
PY
)
for larger in "$purpose" test bench; do
    if [ -x .venv/bin/python ] && [ "$(cat ".stamps/$larger" 2>/dev/null)" = "$mark" ]; then exit 0; fi
done
if [ "$purpose" = run ] && [ -x .venv/bin/python ] && [ "$(cat .stamps/run 2>/dev/null)" = "$mark" ]; then exit 0; fi

printf 'Setting up the environment (%s); this happens once ...\n' "$purpose" >&2
if [ ! -x .boot/bin/uv ] || [ "$(cat .stamps/boot 2>/dev/null)" != "$(cat requirements/boot.txt)" ]; then
    if ! "$python" -m venv .boot >.stamps/venv.log 2>&1; then
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
            { apt-get update -q && apt-get install -q -y --no-install-recommends python3-venv; } >>.stamps/venv.log 2>&1 || true
        fi
        "$python" -m venv --clear .boot >>.stamps/venv.log 2>&1 ||
            stop "Python's venv module does not work here; on Debian and Ubuntu install the package python3-venv."
    fi
    .boot/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/boot.txt >.stamps/boot.log 2>&1 ||
        stop "The installer could not be fetched (see .stamps/boot.log); a network or a package mirror is needed once."
    cat requirements/boot.txt >.stamps/boot
fi
[ -x .venv/bin/python ] || .boot/bin/uv venv -q --python "$(command -v "$python")" .venv >.stamps/venv.log 2>&1 ||
    stop "The environment .venv could not be made (see .stamps/venv.log)."
set --
for file in $wanted; do set -- "$@" -r "$file"; done
.boot/bin/uv pip install -q --require-hashes --python .venv/bin/python "$@" >.stamps/install.log 2>&1 ||
    stop "Some packages could not be installed (see .stamps/install.log): $(tail -n 1 .stamps/install.log)"
printf '%s\n' "$mark" >".stamps/$purpose"
if [ "$purpose" != run ]; then
    "$python" - requirements/run.txt >.stamps/run <<'PY'
import hashlib, pathlib, sys
print(hashlib.sha256(pathlib.Path(sys.argv[1]).read_bytes()).hexdigest()[:16], sys.version_info[:2])
PY
fi
