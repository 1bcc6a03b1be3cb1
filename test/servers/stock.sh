#!/bin/sh
# stock.sh MAJOR: bring Debian's own PostgreSQL of that major, and print where its
# pg_config is.
#
# Nothing of it is installed: the packages of the Debian suite that has the major
# are unpacked below SERVERS, and the programs are made to run with that suite's own
# libraries.  The directory must not move after that.
set -eu
. "$(dirname "$0")/bring.sh"
major=$1
bin=$servers/stock-$major/usr/lib/postgresql/$major/bin
suite=$(suite_of "$major")

unpack() {
	for package in "$scratch"/packages/*.deb; do
		# programs only: --with-llvm is not what is tested here
		dpkg --fsys-tarfile "$package" | tar -x --keep-directory-symlink --exclude=./usr/share/doc --exclude=./usr/share/man \
			--exclude=./usr/share/locale --exclude='*/bitcode' --exclude='*/llvmjit*' -C "$prefix"
	done
}

# Ask for the packages of the server, with what it is linked to, and no more.
download() {
	mkdir "$scratch/packages"
	foreign apt-get update
	foreign apt-get -y --no-install-recommends -s install "postgresql-$major" | awk '/^Inst/ { print $2 }' |
		grep -E "^(postgresql-(client-)?$major|zlib1g|lib.*)\$" |
		grep -vE '^(libllvm|libperl|libc-bin|libc-l10n|libpython|libclang|libz3|libdebconf|.*-perl$)' >"$scratch/names"
	(cd "$scratch/packages" && foreign apt-get download "postgresql-server-dev-$major" $(cat "$scratch/names"))
}

# A program finds its libraries, and the loader that belongs to them, in PREFIX.
use_own_libraries() {
	loader=$(basename "$(patchelf --print-interpreter "$bin/postgres")")
	directory=$(dirname "$(find "$prefix" -name libc.so.6 | head -n 1)")
	for program in "$bin"/* "$bin"/../lib/pgxs/src/test/*/*; do
		case $(file -b "$program") in
			ELF*) patchelf --force-rpath --set-rpath "$prefix/usr/lib/${directory##*/}:$prefix/lib/${directory##*/}" \
				--set-interpreter "$directory/$loader" "$program" ;;
		esac
	done
}

# Forget the flags that are not known to this machine's compiler.
drop_unknown_flags() {
	for flag in $(grep -ohE -- '-W[a-z][a-z0-9=-]+' "$1" | grep -v -- '-Wl' | sort -u); do
		echo | ${CC:-gcc} -Werror "$flag" -fsyntax-only -x c - 2>/dev/null || sed -i "s/ $flag\b//g" "$1"
	done
}

# 13's pg_config does not tell where it is, but where it was meant to be.
correct_pg_config() {
	[ "$("$bin/pg_config" --bindir)" != "$bin" ] || return 0
	mv "$bin/pg_config" "$bin/pg_config.real"
	cat >"$bin/pg_config" <<-END
		#!/bin/sh
		"$bin/pg_config.real" "\$@" | sed -E 's,(^|[= ])/usr/(lib|share|include)/postgresql,\\1$prefix/usr/\\2/postgresql,g'
	END
	chmod +x "$bin/pg_config"
}

echo "$bin/pg_config"
begin "stock-$major"
need gcc=gcc libc6-dev=gcc make=make patchelf=patchelf file=file >/dev/null
add_source deb "$suite"
if [ "$suite" = experimental ]; then
	add_source deb sid
	printf 'Package: src:postgresql-%s\nPin: release a=experimental\nPin-Priority: 990\n' "$major" >"$scratch/preferences"
fi
download
unpack
use_own_libraries
drop_unknown_flags "$bin/../lib/pgxs/src/Makefile.global"
correct_pg_config
echo "$key" >"$prefix/complete"
