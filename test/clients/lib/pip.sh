# pip.sh: install what requirements.txt pins into a virtual environment below $HOME,
# unless it is there, and set python to its interpreter.  requirements-build.txt pins
# what packages need that come as source.  The clients in Python that take theirs
# from PyPI source it.
# shellcheck shell=sh
venv=$HOME/venv/$(basename "$PWD")
python=$venv/bin/python

pip_install() {
	"$python" -m pip install -q --require-hashes --no-deps --no-build-isolation --use-pep517 --no-compile --no-cache-dir --disable-pip-version-check --retries 1 --timeout 30 "$@"
}

[ -d "$venv" ] || {
	/usr/bin/python3 -m venv "$venv" &&
		{ [ ! -e requirements-build.txt ] || pip_install -r requirements-build.txt; } &&
		pip_install -r requirements.txt
} >&2 || {
	"$python" -m pip index --retries 0 --timeout 10 versions pip >/dev/null 2>&1 || unreachable=1
	rm -rf "$venv"
	[ "${unreachable-}" ] || exit 1
	echo "PyPI is out of reach" >&2
	exit 75						# run.sh skips the client
}
