#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write hostile and damaged archives: hostile.py DIRECTORY makes NAME.tar (an OCI archive with one
layer) for each bad layer, and bundles that are wrong as a whole. One line for each on standard
output: NAME, TAB, extended regex that the error must match."""
import gzip
import hashlib
import io
import json
import os
import sys
import tarfile

OUT = sys.argv[1]


def sha(b):
    return hashlib.sha256(b).hexdigest()


def entry(name, kind=tarfile.REGTYPE, data=b"", link="", mode=0o644, **more):
    t = tarfile.TarInfo(name)
    t.type, t.size, t.linkname, t.mode = kind, len(data), link, mode
    for k, v in more.items():
        setattr(t, k, v)
    return t, data


def layer(entries, fmt=tarfile.PAX_FORMAT):
    f = io.BytesIO()
    with tarfile.open(fileobj=f, mode="w", format=fmt) as tar:
        for t, data in entries:
            tar.addfile(t, io.BytesIO(data))
    return f.getvalue()


def bundle(name, blobs, index, extra=()):
    with tarfile.open(os.path.join(OUT, name + ".tar"), "w") as tar:
        for path, data in [("oci-layout", b'{"imageLayoutVersion":"1.0.0"}'),
                           ("index.json", json.dumps(index).encode())] + \
                [("blobs/sha256/" + d, b) for d, b in blobs] + list(extra):
            t = tarfile.TarInfo(path)
            t.size = len(data)
            tar.addfile(t, io.BytesIO(data))


def image(name, layers, diff_ids=None, packed=None, patch=None):
    """@packed: the blobs; @patch(manifest, config, index, blobs) may spoil anything."""
    packed = packed or [gzip.compress(x, 1) for x in layers]
    config = {"os": "linux", "architecture": "amd64", "config": {"Cmd": ["x"]}, "rootfs": {
        "type": "layers", "diff_ids": ["sha256:" + d for d in diff_ids or map(sha, layers)]}}
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
                            "digest": "sha256:" + sha(p), "size": len(p)} for p in packed]}
    blobs = [(sha(p), p) for p in packed]
    hooks = patch or {}
    hooks.get("config", lambda x: None)(config)
    cb = json.dumps(config).encode()
    manifest["config"] = {"mediaType": "application/vnd.oci.image.config.v1+json",
                          "digest": "sha256:" + sha(cb), "size": len(cb)}
    hooks.get("manifest", lambda x: None)(manifest)
    mb = json.dumps(manifest).encode()
    index = {"schemaVersion": 2, "manifests": [{
        "mediaType": manifest["mediaType"], "digest": "sha256:" + sha(mb), "size": len(mb),
        "annotations": {"org.opencontainers.image.ref.name": "hostile:1"}}]}
    hooks.get("index", lambda x: None)(index)
    blobs += [(sha(cb), cb), (sha(mb), mb)]
    blobs = hooks.get("blobs", lambda x: x)(blobs)
    bundle(name, blobs, index)


CASES = []


def case(name, want):
    CASES.append((name, want))
    return name


def bad_layer(name, want, *entries, fmt=tarfile.PAX_FORMAT):
    good = entry("first", data=b"1")
    image(case(name, want), [layer([good] + list(entries), fmt)])


DIR, SYM, LNK = tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE

# paths
bad_layer("dotdot", r"contains '\.\.'", entry("../escaped", data=b"x"))
bad_layer("dotdot-inside", r"contains '\.\.'", entry("a/../../escaped", data=b"x"))
bad_layer("dotdot-end", r"contains '\.\.'", entry("a/..", DIR))
bad_layer("name-256", "more than 255 bytes", entry("n" * 256, data=b"x"))
bad_layer("name-100k", "more than 255 bytes|not a sound tar", entry("n" * 100000, data=b"x"))
bad_layer("path-5000", "more than 4095 bytes|deep", entry("/".join(["d" * 200] * 25), data=b"x"))
bad_layer("deep-2000", "deep", entry("/".join(["d"] * 2000), data=b"x"))

# links
bad_layer("symlink-absolute", "leads out of the layer",
          entry("out", SYM, link="/etc"), entry("out/escaped", data=b"x"))
bad_layer("symlink-up", "leads out of the layer",
          entry("out", SYM, link="../../../../../../tmp"), entry("out/escaped", data=b"x"))
bad_layer("symlink-chain", "leads out of the layer", entry("a", SYM, link="b"),
          entry("b", SYM, link="/tmp"), entry("a/escaped", data=b"x"))
bad_layer("symlink-loop", "symbolic link|levels", entry("a", SYM, link="b"),
          entry("b", SYM, link="a"), entry("a/x", data=b"x"))
bad_layer("symlink-dir", "leads out of the layer", entry("out", SYM, link="/tmp"),
          entry("out/escaped", DIR, mode=0o777))
bad_layer("symlink-whiteout-dangling", "follow symbolic link", entry("o", SYM, link="nowhere"),
          entry("o/x", data=b"1"))
bad_layer("hardlink-dotdot", r"contains '\.\.'", entry("h", LNK, link="../../../../etc/passwd"))
bad_layer("hardlink-absolute", "not a file of this layer|hard-link target",
          entry("h", LNK, link="/etc/passwd"))
bad_layer("hardlink-through-symlink", "hard-link target",
          entry("out", SYM, link="/etc"), entry("h", LNK, link="out/passwd"))
bad_layer("hardlink-missing", "not a file of this layer", entry("h", LNK, link="nowhere"))
bad_layer("hardlink-directory", "not a file of this layer",
          entry("d", DIR), entry("h", LNK, link="d"))
bad_layer("file-as-directory", "is not a directory", entry("f", data=b"1"),
          entry("f/x", data=b"1"))
bad_layer("root-is-a-file", "root of the layer", entry(".", data=b"x"))

# whiteouts
bad_layer("whiteout-dotdot", r"whiteout of '\.\.'", entry(".wh..."))
bad_layer("whiteout-dot", r"whiteout of '\.'", entry(".wh.."))
bad_layer("whiteout-empty", "whiteout of ''", entry(".wh."))
bad_layer("whiteout-through-symlink", "leads out of the layer",
          entry("out", SYM, link="/tmp"), entry("out/.wh.x"), entry("out/x", data=b"1"))
bad_layer("below-whiteout", "below a whiteout", entry(".wh.x/y", data=b"1"))

# attributes
bad_layer("xattr-64k", "65537 bytes|too large|Special header",
          entry("x", pax_headers={"SCHILY.xattr.user.big": "v" * 65537}))
bad_layer("xattr-name", "extended attribute|too long",
          entry("x", pax_headers={"SCHILY.xattr.user." + "n" * 300: "v"}))
bad_layer("xattr-many", "more than 1024",
          entry("x", pax_headers={"SCHILY.xattr.user.%d" % i: "v" for i in range(1100)}))
bad_layer("xattr-total", "more than [0-9]+ bytes|No space",
          entry("x", pax_headers={"SCHILY.xattr.user.%d" % i: "v" * 60000 for i in range(6)}))
bad_layer("uid", "out of range", entry("x", uid=2**33))
bad_layer("uid-unset", "out of range", entry("x", uid=2**32 - 1))
bad_layer("sparse-8e", "beyond the limit|sparse|not a sound tar",
          entry("x", data=b"1", pax_headers={"GNU.sparse.major": "0", "GNU.sparse.minor": "1",
                "GNU.sparse.size": str(2**63 - 1), "GNU.sparse.map": "0,1"}))

# damage
ok = layer([entry("a", data=os.urandom(200000)), entry("b", data=b"2")])
image(case("tar-truncated", "not a sound tar|Truncated"), [ok[:100000]])
image(case("tar-garbage", "not a (sound )?tar"), [os.urandom(20000)])
image(case("tar-checksum", "not a (sound )?tar|Damaged"), [ok[:140] + b"9999999\0" + ok[148:]])
gz = gzip.compress(ok, 1)
image(case("gzip-truncated", "truncated"), [ok], packed=[gz[:-3000]])
image(case("gzip-crc", "damaged"), [ok], packed=[gz[:-8] + b"\0\0\0\0" + gz[-4:]])
image(case("gzip-garbage-behind", "followed by something else"), [ok], packed=[gz + b"garbage"])
image(case("gzip-flipped", "damaged|not a sound tar|diffid"), [ok],
      packed=[gz[:5000] + bytes([gz[5000] ^ 0x55]) + gz[5001:]])
image(case("diff-id", "diffid"), [ok], diff_ids=["0" * 64])
image(case("diff-id-count", "diff_ids"), [ok], diff_ids=[sha(ok), sha(ok)])
image(case("blob-digest", "is corrupt"), [ok], patch={
    "blobs": lambda b: [(b[0][0], b[0][1][:-1] + b"x")] + b[1:]})
image(case("blob-flipped", "is corrupt"), [ok], patch={
    "blobs": lambda b: [(b[0][0], gz[:70000] + bytes([gz[70000] ^ 1]) + gz[70001:])] + b[1:]})
image(case("blob-short", "bytes, not"), [ok], patch={"blobs": lambda b: [(b[0][0], b[0][1][:-9])] + b[1:]})
image(case("blob-missing", "no file"), [ok], patch={"blobs": lambda b: b[1:]})
image(case("config-digest", "is corrupt|bytes, not"), [ok], patch={
    "blobs": lambda b: [b[0], (b[1][0], b[1][1].replace(b"linux", b"xunil"))] + b[2:]})
image(case("manifest-digest", "is corrupt|bytes, not"), [ok], patch={
    "blobs": lambda b: b[:2] + [(b[2][0], b[2][1] + b" ")]})

# documents
image(case("media-type", "not supported"), [ok], patch={
    "manifest": lambda m: m["layers"][0].update(mediaType="application/x-evil")})
image(case("artifact", "not a container image"), [ok], patch={
    "manifest": lambda m: m["config"].update(mediaType="application/vnd.cncf.helm.config.v1+json")})
image(case("digest-form", "not a sha256 digest"), [ok], patch={
    "manifest": lambda m: m["layers"][0].update(digest="sha256:../../../../etc/passwd")})
image(case("digest-md5", "not a sha256 digest"), [ok], patch={
    "manifest": lambda m: m["layers"][0].update(digest="md5:" + "0" * 32)})
image(case("size-negative", "size"), [ok], patch={
    "manifest": lambda m: m["layers"][0].update(size=-1)})
image(case("size-huge", "size|bytes, not"), [ok], patch={
    "manifest": lambda m: m["layers"][0].update(size=2**62)})
image(case("ambiguous", "ambiguous"), [ok], patch={
    "manifest": lambda m: m.update(manifests=[])})
image(case("too-many-layers", "more than 500"), [ok], patch={
    "manifest": lambda m: m.update(layers=m["layers"] * 501)})
image(case("schema-1", "schema version"), [ok], patch={
    "manifest": lambda m: m.update(schemaVersion=1)})
image(case("bad-name", "not an image name|is not a tag"), [ok], patch={
    "index": lambda x: x["manifests"][0]["annotations"].update(
        {"org.opencontainers.image.ref.name": "../../etc/passwd"})})
image(case("escape-in-name", "not an image name"), [ok], patch={
    "index": lambda x: x["manifests"][0]["annotations"].update(
        {"org.opencontainers.image.ref.name": "\x1b[2Jx"})})
image(case("config-type", "not a"), [ok], patch={
    "config": lambda c: c["config"].update(Env="A=b")})
image(case("nul-in-config", "NUL|valid JSON|\\\\u0000"), [ok], patch={
    "config": lambda c: c["config"].update(User="ro\0ot")})
bundle(case("index-empty", "names no image"), [], {"schemaVersion": 2, "manifests": []})
bundle(case("index-json", "no file|not an image|is missing"), [], {"schemaVersion": 2})
deep = b'{"a":' * 100000
with tarfile.open(os.path.join(OUT, case("json-deep", "not valid JSON") + ".tar"), "w") as tar:
    t = tarfile.TarInfo("index.json")
    t.size = len(deep)
    tar.addfile(t, io.BytesIO(deep))
with tarfile.open(os.path.join(OUT, case("outer-link", "leads out") + ".tar"), "w") as tar:
    tar.addfile(*entry("index.json", SYM, link="../../../../etc/passwd"))
with tarfile.open(os.path.join(OUT, case("outer-link-absolute", "neither|no file") + ".tar"), "w") as tar:
    tar.addfile(*entry("index.json", SYM, link="/etc/passwd"))
with tarfile.open(os.path.join(OUT, case("outer-dotdot", r"contains '\.\.'") + ".tar"), "w") as tar:
    t, d = entry("../index.json", data=b"{}")
    tar.addfile(t, io.BytesIO(d))
with tarfile.open(os.path.join(OUT, case("outer-many", "more than 16384 entries") + ".tar"), "w") as tar:
    for i in range(16400):
        tar.addfile(tarfile.TarInfo("f%d" % i))
with open(os.path.join(OUT, case("cut", "truncated|Truncated|not a sound tar") + ".tar"), "wb") as f:
    f.write(open(os.path.join(OUT, "dotdot.tar"), "rb").read()[:2000])
open(os.path.join(OUT, case("empty", "not a tar|neither") + ".tar"), "wb").close()

# docker archives


def docker(name, files, links=()):
    with tarfile.open(os.path.join(OUT, name + ".tar"), "w") as tar:
        for path, data in files:
            t = tarfile.TarInfo(path)
            t.size = len(data)
            tar.addfile(t, io.BytesIO(data))
        for t in links:
            tar.addfile(t)


conf = json.dumps({"os": "linux", "architecture": "amd64",
                   "rootfs": {"type": "layers", "diff_ids": ["sha256:" + sha(ok)]}}).encode()


def man(**k):
    return json.dumps([dict({"Config": sha(conf) + ".json", "RepoTags": ["d:1"],
                             "Layers": ["l/layer.tar"]}, **k)]).encode()


docker(case("docker-config-digest", "is corrupt"),
       [("manifest.json", man(Config="0" * 64 + ".json")), ("0" * 64 + ".json", conf),
        ("l/layer.tar", ok)])
docker(case("docker-diff-id", "diffid"), [("manifest.json", man()), (sha(conf) + ".json", conf),
                                          ("l/layer.tar", ok + b"\0" * 512)])
docker(case("docker-layer-dotdot", r"contains '\.\.'"),
       [("manifest.json", man(Layers=["../../../etc/passwd"])), (sha(conf) + ".json", conf)])
docker(case("docker-link-out", "leads out"), [("manifest.json", man()), (sha(conf) + ".json", conf)],
       [entry("l/layer.tar", SYM, link="../../../../etc/shadow")[0]])
docker(case("docker-link-loop", "no file"), [("manifest.json", man()), (sha(conf) + ".json", conf)],
       [entry("l/layer.tar", SYM, link="layer.tar")[0]])

# bombs: tried with --max-size=64m
zeros = gzip.compress(b"\0" * (200 << 20), 9)
image(case("bomb-trailing", "more than the limit"), [b"\0" * 1024],
      packed=[zeros], diff_ids=[sha(b"\0" * (200 << 20))])
big = tarfile.TarInfo("big")
big.size = 200 << 20
bomb = big.tobuf(tarfile.GNU_FORMAT) + b"\0" * (200 << 20)
image(case("bomb-file", "more than the limit"), [bomb])
nested = gzip.compress(gzip.compress(b"\0" * (200 << 20), 9), 9)
image(case("bomb-nested", "not a (sound )?tar|more than"), [gzip.compress(b"\0" * 1000)], packed=[nested])

for name, want in CASES:
    print("%s\t%s" % (name, want))
