#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""List a tree, one line per name, with all that an image keeps of it: two trees are the same if
their lists are. Attributes of overlay itself are left out."""
import hashlib
import os
import stat
import sys


def xattrs(path):
    out = []
    for name in sorted(os.listxattr(path, follow_symlinks=False)):
        if name.startswith("trusted.overlay.") or name == "security.selinux":
            continue
        value = os.getxattr(path, name, follow_symlinks=False)
        out.append("%s=%s" % (name, value.hex()))
    return ",".join(out)


def content(path, st):
    if stat.S_ISLNK(st.st_mode):
        return os.fsencode(os.readlink(path)).hex()
    if stat.S_ISREG(st.st_mode):
        with open(path, "rb") as f:
            return hashlib.file_digest(f, "sha1").hexdigest() if hasattr(hashlib, "file_digest") \
                else hashlib.sha1(f.read()).hexdigest()
    if stat.S_ISCHR(st.st_mode) or stat.S_ISBLK(st.st_mode):
        return "%d:%d" % (os.major(st.st_rdev), os.minor(st.st_rdev))
    return "-"


def main(root):
    names = {}  # inode -> first name: which names are links to each other
    lines = []
    for where, dirs, files in os.walk(os.fsencode(root)):
        dirs.sort()
        for name in sorted(dirs + files) + ([b""] if where == os.fsencode(root) else []):
            path = os.path.join(where, name) if name else where
            st = os.lstat(path)
            rel = os.path.relpath(path, os.fsencode(root))
            link = "-"
            if not stat.S_ISDIR(st.st_mode) and st.st_nlink > 1:
                link = names.setdefault((st.st_dev, st.st_ino), rel).decode("utf-8", "replace")
            # the root's own time is that of the last unpacking
            mtime = 0 if rel == b"." else st.st_mtime_ns
            size = st.st_size if stat.S_ISREG(st.st_mode) else 0
            lines.append("%s %o %d:%d %d %d %s %s %s" % (
                rel.hex() if b"\n" in rel else rel.decode("utf-8", "backslashreplace"),
                st.st_mode, st.st_uid, st.st_gid, size, mtime, link, content(path, st),
                xattrs(path)))
    print("\n".join(sorted(lines)))


main(sys.argv[1])
