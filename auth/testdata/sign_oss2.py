"""Prints requests signed by oss2, the official Python SDK, as test cases.

    pip install oss2==2.19.1
    python sign_oss2.py [COUNT [SEED]] > oss2.json

The SDK signs; names and values are then read back from the URL it made, so
that its escaping is part of the test. It signs with the time of day, so each
run gives other signatures for the same requests.
"""
import json
import random
import sys
from urllib.parse import parse_qsl, urlsplit

import oss2
from oss2 import http

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 140
R = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
TEXT = "abcXYZ019-_.~ +&=?/:%*'()!,;@$#\u00e9\u64ad\u653e\U0001f3a5"
WIDE = "\u00e9\u64ad\u653e\U0001f3a5"
SIGNED = sorted(oss2.auth.ProviderAuth._subresource_key_set - {"security-token"})
UNSIGNED = ["prefix", "marker", "max-keys", "delimiter", "encoding-type"]
FORMS = [("", "header"), ("", "url"), ("", "publish"), ("v2", "header"), ("v2", "url"), ("v4", "header"), ("v4", "url")]
AUTHS = {"": oss2.Auth, "v2": oss2.AuthV2, "v4": oss2.AuthV4}


def text(low, high, without=""):
    letters = [c for c in TEXT if c not in without]
    return "".join(R.choice(letters) for _ in range(R.randint(low, high)))


def query(version):
    names = R.sample(SIGNED, R.randint(0, 4)) + R.sample(UNSIGNED, R.randint(0, 2))
    if version and R.random() < 0.3:
        names.append(text(1, 6))
    return {n: R.choice(["", text(1, 12)]) for n in names}


def header():
    h = {}
    if R.random() < 0.5:
        h["Content-Type"] = R.choice(["text/plain; charset=utf-8", "video/mp2t"])
    if R.random() < 0.3:
        h["Content-MD5"] = "1B2M2Y8AsgTpgAmY7PhCfg=="
    for name in R.sample(["x-oss-acl", "X-OSS-Meta-A", "x-oss-meta-a-b", "x-oss-meta-ab"], R.randint(0, 3)):
        h[name] = "v" + text(0, 8, WIDE + " ")
    return h


def case(i):
    version, kind = FORMS[i % len(FORMS)]
    c = {"name": "oss2 %s %s %d" % (version or "v1", kind, i), "version": version, "kind": kind}
    c["bucket"], c["key"] = "bucket-%d" % i, text(1, 20)
    c["id"], c["secret"] = "id%d" % i, text(8, 30, " ")
    auth = AUTHS[version](c["id"], c["secret"])
    if R.random() < 0.4:
        c["token"] = text(10, 40, " " + WIDE)
        auth = oss2.StsAuth(c["id"], c["secret"], c["token"], version or "v1")
    if kind == "publish":
        c["key"] = text(1, 20, "/?#")
        bucket = oss2.Bucket(auth, "http://127.0.0.1:9000", c["bucket"])
        url = bucket.sign_rtmp_url(c["key"], R.choice(["", text(1, 20)]), 3600)
        return from_url(c, url)
    c["method"] = R.choice(["GET", "PUT", "POST", "HEAD", "DELETE"])
    request = http.Request(c["method"], "http://127.0.0.1:9000/", params=query(version), headers=header())
    request.product = "oss"
    if version == "v4":
        request.region = c["region"] = R.choice(["cn-hangzhou", "oss-cn-local", "r"])
    args = {}
    if version and R.random() < 0.5:
        request.headers["range"] = "bytes=0-1"
        request.headers["if-match"] = '"etag"'
        c["additional"] = ["if-match", "range"]
        args["in_additional_headers"] = set(c["additional"])
    # What the request library adds is not signed.
    sent = lambda: {k: v for k, v in request.headers.items() if k.lower() not in ("user-agent", "accept-encoding", "x-oss-security-token")}
    if kind == "url":
        c["header"] = sent()
        url = request_signer(auth)._sign_url(request, c["bucket"], c["key"], 3600, **args)
        return from_url(c, url)
    request_signer(auth)._sign_request(request, c["bucket"], c["key"], **args)
    c["query"] = {k: v or "" for k, v in request.params.items()}
    c["header"] = sent()
    authorization = c["header"].pop("authorization")
    if version:
        c["authorization"] = authorization
        c["signature"] = authorization.split("Signature", 1)[1][1:].split(",")[0]
    else:
        c["signature"] = authorization.split(":", 1)[1]
    return c


def request_signer(auth):
    """StsAuth hides the arguments of what it wraps."""
    return auth._StsAuth__auth if isinstance(auth, oss2.StsAuth) else auth


def from_url(c, url):
    # Without strict parsing: oss2 writes a parameter without value as "?live".
    q = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    token = q.pop("x-oss-security-token" if c["version"] == "v4" else "security-token", None)
    assert token == c.get("token")
    if not c["version"]:
        c["signature"], c["expires"] = q.pop("Signature"), int(q.pop("Expires"))
        assert q.pop("OSSAccessKeyId") == c["id"]
    else:
        c["signature"], c["expires"] = q.pop("x-oss-signature"), int(q.pop("x-oss-expires"))
        if "additional" in c:  # oss2 puts them in any order
            c["additional"] = q.pop("x-oss-additional-headers").split(";")
        q.pop("x-oss-signature-version")
    if c["version"] == "v2":
        assert q.pop("x-oss-access-key-id") == c["id"]
    if c["version"] == "v4":
        c["date"] = q.pop("x-oss-date")
        assert q.pop("x-oss-credential").startswith(c["id"] + "/")
    c["query"] = q
    return c


print("[\n" + ",\n".join(json.dumps(case(i), ensure_ascii=False) for i in range(COUNT)) + "\n]")
