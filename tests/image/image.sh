# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the tests of images share: a tree of Debian's files, lists of trees, a digest of the store.

IMAGE_TESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# debian_tree DIR COUNT: COUNT files and directories of installed packages, owners and times kept
debian_tree() {
	mkdir -p "$1"
	cat /var/lib/dpkg/info/*.list | grep -E '^/usr/(share|lib/python3|include)' | LC_ALL=C sort -ur |
		xargs -d '\n' stat -c '%s %n' 2>/dev/null |
		awk -v max="$2" '$1 < 65536 && n++ < max { sub(/^[0-9]+ /, ""); print }' >"$TMPDIR/list"
	tar --no-recursion -C / -cf - -T "$TMPDIR/list" 2>/dev/null | tar -C "$1" -xpf -
	rm -f "$TMPDIR/list"
}

# special_files DIR: one of each kind that a plain tree does not have
special_files() {
	mkdir -p "$1/special"
	(
		cd "$1/special" || exit 1
		echo 1 >caps && setcap cap_net_raw+ep caps
		echo 2 >setuid && chown 7:8 setuid && chmod 6755 setuid
		mkdir -m 1777 sticky && mkdir -m 2775 setgid && chown 0:44 setgid && echo in >setgid/in
		mkfifo fifo && mknod null c 1 3 && mknod loop b 7 300
		setfattr -n user.note -v text caps
		mkdir acl && setfacl -m u:12:rwx acl 2>/dev/null
		ln caps caps-link && ln -s ../nowhere dangling && ln setuid sticky/setuid-link
		printf 'e\314\201' >"$(printf 'nfd-e\314\201')" && echo 3 >"$(printf 'latin-\351')"
		truncate -s 8M sparse && echo end | dd of=sparse bs=1 seek=5000000 conv=notrunc status=none
		echo 4 >"$(printf 'l%.0s' {1..200})" && echo 5 >old && touch -d '1965-02-03 04:05:06' old
		chown -h 3:4 dangling && touch -d '2001-01-01 00:00:00.123456789' sticky fifo
	)
}

# image_links IMAGE: its layers' links, top first
image_links() {
	davit inspect "$1" | python3 -c '
import json, sys
print("\n".join(l["Link"] for l in json.load(sys.stdin)[0]["GraphDriver"]["Layers"][::-1]))'
}

# list_image IMAGE: list of the tree that a container of it sees
list_image() {
	local links lower
	# relative names: with many layers the option would be too long
	links=$(image_links "$1") || return 1
	lower=$(tr '\n' ':' <<<"$links")
	lower=${lower%%:}
	[[ $lower == *:* ]] || { mkdir -p "$DAVIT_ROOT/l.empty"; lower=$lower:../l.empty; }
	(
		cd "$DAVIT_ROOT/l" || exit 1
		mkdir -p "$TEST_DIR/mnt"
		mount -t overlay overlay -o "lowerdir=$lower" "$TEST_DIR/mnt" || exit 1
		"$IMAGE_TESTS/tree_list.py" "$TEST_DIR/mnt"
		umount "$TEST_DIR/mnt"
	)
	rm -rf "$DAVIT_ROOT/l.empty"
}

# same_tree NAME IMAGE DIR: one test
same_tree() {
	list_image "$2" >"$TEST_DIR/lib/got"
	"$IMAGE_TESTS/tree_list.py" "$3" >"$TEST_DIR/lib/want"
	is "$(diff "$TEST_DIR/lib/want" "$TEST_DIR/lib/got" | head -n 8)" '' "$1"
}

# store_digest: changes when anything in the store does
store_digest() {
	(cd "$DAVIT_ROOT" && find . -mindepth 1 ! -name lock -printf '%p %y %m %U:%G %s %l\n' | sort | sha256sum)
}

# outside_digest: of what a hostile archive may try to reach
outside_digest() {
	(find "$TEST_DIR" -path "$DAVIT_ROOT" -prune -o -path "$TEST_DIR/lib" -prune -o -path "$TMPDIR" -prune -o -path "$TEST_DIR/work" -prune -o -printf '%p %m %s\n'
	find /etc -xdev -printf '%p %m %s\n') | sort | sha256sum
}
