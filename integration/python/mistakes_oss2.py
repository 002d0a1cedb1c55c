"""Mistakes with oss2; ../testdata/mistakes.txt says what each of them is.

Prints MISTAKE <name> <x-oss-request-id of the refusal>.
"""
import html
import os
import time
import urllib.parse

import oss2
import requests

ENDPOINT = os.environ['OSS_TEST_ENDPOINT']
ID, SECRET = os.environ['OSS_TEST_ACCESS_KEY_ID'], os.environ['OSS_TEST_ACCESS_KEY_SECRET']
OTHER_SECRET = os.environ['OSS_TEST_OTHER_SECRET']
TEMPORARY_ID, TEMPORARY_SECRET = os.environ['OSS_TEST_TEMPORARY_ID'], os.environ['OSS_TEST_TEMPORARY_SECRET']
TOKEN = os.environ['OSS_TEST_SECURITY_TOKEN']
PORT = urllib.parse.urlsplit(ENDPOINT).port

bucket = oss2.Bucket(oss2.Auth(ID, SECRET), ENDPOINT, 'vault')


def refused(name, call, *args, **kwargs):
    """An SDK call that the server refuses."""
    try:
        call(*args, **kwargs)
    except oss2.exceptions.OssError as e:
        print('MISTAKE', name, e.request_id)
    else:
        print('WORKED', name)


def sent(name, method, url, **kwargs):
    """A request with a signed URL that the server refuses."""
    answer = requests.request(method, url, timeout=10, **kwargs)
    print('MISTAKE' if answer.status_code >= 400 else 'WORKED', name, answer.headers['x-oss-request-id'])


def with_auth(auth, name='vault', endpoint=ENDPOINT):
    return oss2.Bucket(auth, endpoint, name)


bucket.put_object('a b.txt', b'text')
bucket.put_object('what?.txt', b'text')

refused('other-secret', with_auth(oss2.Auth(ID, OTHER_SECRET)).put_object, 'k', b'text')
refused('wrong-secret', with_auth(oss2.Auth(ID, 'no key has this one')).put_object, 'k', b'text')
refused('swapped', with_auth(oss2.Auth(SECRET, ID)).get_object, 'a b.txt')
refused('bucket-in-endpoint', with_auth(oss2.Auth(ID, SECRET), 'fresh', f'http://fresh.localhost:{PORT}').create_bucket)
refused('token-missing', with_auth(oss2.Auth(TEMPORARY_ID, TEMPORARY_SECRET)).get_object, 'a b.txt')
refused('anonymous', with_auth(oss2.AnonymousAuth()).get_object, 'a b.txt')
refused('bucket-typo', with_auth(oss2.Auth(ID, SECRET), 'vualt').list_live_channel)

right_date = oss2.utils.http_date
oss2.utils.http_date = lambda timeval=None: right_date(time.time() + 8 * 3600)
refused('local-time', bucket.get_object, 'a b.txt')
oss2.utils.http_date = right_date

sent('put-content-type', 'PUT', bucket.sign_url('PUT', 'picture.jpg', 60), data=b'pixels', headers={'Content-Type': 'image/jpeg'})

url = bucket.sign_url('GET', 'a b.txt', 60)
sent('head-with-get-url', 'HEAD', url)
sent('truncated', 'GET', url[:-7])
sent('ampersands-escaped', 'GET', html.escape(url))
scheme, host, path, query, _ = urllib.parse.urlsplit(url)
sent('quoted-again', 'GET', urllib.parse.urlunsplit((scheme, host, urllib.parse.quote(path), query, '')))
sent('decoded-url', 'GET', urllib.parse.unquote(bucket.sign_url('GET', 'what?.txt', 60)).replace('+', '%2B'))

lifetime = 60
while '%2B' not in url.partition('Signature=')[2]:
    lifetime += 1
    url = bucket.sign_url('GET', 'a b.txt', lifetime)
sent('plus-became-space', 'GET', url.replace('%2B', '+'))

url = with_auth(oss2.Auth(TEMPORARY_ID, TEMPORARY_SECRET)).sign_url('GET', 'a b.txt', 60)
sent('token-appended', 'GET', url + '&security-token=' + urllib.parse.quote(TOKEN, safe=''))
