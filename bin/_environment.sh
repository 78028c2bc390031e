# Sourced by bin/run and bin/test: finds a Python and keeps a virtual environment up to date.

say() { printf '%s\n' "$*"; }

give_up() {
    printf '%s\n' "$*" >&2
    exit 1
}

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    local candidate
    if [[ -n ${PYTHON:-} ]]; then
        is_new_enough "$PYTHON" || give_up "PYTHON=$PYTHON is not a Python of 3.11 or newer."
        python=$PYTHON
        return
    fi
    for candidate in python3 python3.14 python3.13 python3.12 python3.11 python; do
        if is_new_enough "$candidate"; then
            python=$candidate
            return
        fi
    done
    give_up "photolib needs Python 3.11 or newer, and there is none here." \
        "Install one, or name it: PYTHON=/path/to/python3 $0"
}

# What an environment was made of: it is made again when any of this changes.
fingerprint() {
    "$python" - "$@" <<'PYTHON'
import hashlib, pathlib, sys
made_of = b"".join(pathlib.Path(name).read_bytes() for name in sys.argv[1:])
print(sys.version.split()[0], hashlib.sha256(made_of).hexdigest())
PYTHON
}

# prepare_environment FOLDER REQUIREMENTS…: installs what these files name, and sets `python` to the
# Python of the environment.
prepare_environment() {
    local folder=$1 wanted
    shift
    find_python
    wanted=$(fingerprint "$@")
    if [[ $(cat "$folder/made_of" 2>/dev/null) != "$wanted" ]] || ! is_new_enough "$folder/bin/python"; then
        "$python" -c 'import ensurepip, venv' 2>/dev/null || give_up \
            "This Python has no venv module. On Debian and Ubuntu: apt install python3-venv"
        say "Installing what $1 names into $folder (the first time takes a minute or more)"
        "$python" -m venv --clear "$folder" || give_up "Making $folder failed; the lines above say why."
        "$folder/bin/python" -m pip install -qq --disable-pip-version-check "${@/#/-r}" ||
            give_up "Installing failed; the lines above say why. Once that is put right, start again."
        printf '%s\n' "$wanted" >"$folder/made_of"
    fi
    python=$folder/bin/python
}
