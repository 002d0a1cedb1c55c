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

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 60
R = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
TEXT = "abcXYZ019-_.~ +&=?/:%*'()!,;@$#\u00e9\u64ad\u653e\U0001f3a5"
SIGNED = sorted(oss2.auth.ProviderAuth._subresource_key_set - {"security-token"})
UNSIGNED = ["prefix", "marker", "max-keys", "delimiter", "encoding-type"]


def text(low, high, without=""):
    letters = [c for c in TEXT if c not in without]
    return "".join(R.choice(letters) for _ in range(R.randint(low, high)))


def query():
    names = R.sample(SIGNED, R.randint(0, 4)) + R.sample(UNSIGNED, R.randint(0, 2))
    return {n: R.choice(["", text(1, 12)]) for n in names}


def header():
    h = {}
    if R.random() < 0.5:
        h["Content-Type"] = R.choice(["text/plain; charset=utf-8", "video/mp2t"])
    if R.random() < 0.3:
        h["Content-MD5"] = "1B2M2Y8AsgTpgAmY7PhCfg=="
    for name in R.sample(["x-oss-acl", "X-OSS-Meta-A", "x-oss-meta-a-b", "x-oss-meta-ab"], R.randint(0, 3)):
        h[name] = "v" + text(0, 8, "\u00e9\u64ad\u653e\U0001f3a5 ")
    return h


def case(i):
    kind = ["header", "url", "publish"][i % 3]
    c = {"name": "%s %d" % (kind, i), "kind": kind, "bucket": "bucket-%d" % i, "key": text(1, 20)}
    c["id"], c["secret"] = "id%d" % i, text(8, 30, " ")
    auth = oss2.Auth(c["id"], c["secret"])
    if R.random() < 0.4:
        c["token"] = text(10, 40, " \u00e9\u64ad\u653e\U0001f3a5")
        auth = oss2.StsAuth(c["id"], c["secret"], c["token"])
    if kind == "publish":
        c["key"] = text(1, 20, "/?#")
        bucket = oss2.Bucket(auth, "http://127.0.0.1:9000", c["bucket"])
        url = bucket.sign_rtmp_url(c["key"], R.choice(["", text(1, 20)]), 3600)
    else:
        c["method"] = R.choice(["GET", "PUT", "POST", "HEAD", "DELETE"])
        request = http.Request(c["method"], "http://127.0.0.1:9000/", params=query(), headers=header())
        c["header"] = {k: v for k, v in request.headers.items() if k not in ("User-Agent", "Accept-Encoding")}
        if kind == "url":
            url = auth._sign_url(request, c["bucket"], c["key"], 3600)
        else:
            auth._sign_request(request, c["bucket"], c["key"])
            c["query"] = {k: v or "" for k, v in request.params.items()}
            c["header"]["Date"] = request.headers["date"]
            c["signature"] = request.headers["authorization"].split(":", 1)[1]
            return c
    # Without strict parsing: oss2 writes a parameter without value as "?live".
    q = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    c["signature"], c["expires"] = q.pop("Signature"), int(q.pop("Expires"))
    assert q.pop("OSSAccessKeyId") == c["id"]
    assert q.pop("security-token", None) == c.get("token")
    c["query"] = q
    return c


print("[\n" + ",\n".join(json.dumps(case(i), ensure_ascii=False) for i in range(COUNT)) + "\n]")
