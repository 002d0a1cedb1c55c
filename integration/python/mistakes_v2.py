"""Mistakes with alibabacloud-oss-v2; see mistakes_oss2.py."""
import os

import alibabacloud_oss_v2 as oss
import requests


def client(version):
    return oss.Client(oss.config.Config(
        region='cn-hangzhou', endpoint=os.environ['OSS_TEST_ENDPOINT'], signature_version=version, retry_max_attempts=1,
        credentials_provider=oss.credentials.StaticCredentialsProvider(
            os.environ['OSS_TEST_ACCESS_KEY_ID'], os.environ['OSS_TEST_ACCESS_KEY_SECRET'])))


def sent(name, url):
    answer = requests.get(url, timeout=10)
    print('MISTAKE' if answer.status_code >= 400 else 'WORKED', name, answer.headers['x-oss-request-id'])


client('v4').put_object(oss.PutObjectRequest(bucket='vault', key='exampleobject.txt', body=b'text'))
url = client('v4').presign(oss.GetObjectRequest(bucket='vault', key='exampleobject.txt')).url
# The signature is the last but one parameter, or the last: what comes before is what was used.
sent('presigned-cut', url[:url.index('&x-oss-signature=')])
sent('cache-buster', url + '&t=1706289617')

try:
    client('v1').invoke_operation(oss.OperationInput(
        op_name='GetLiveChannelInfo', method='GET', bucket='media', key='lecture', parameters={'live': ''}))
except oss.exceptions.OperationError as e:
    print('MISTAKE sub-resource', e.unwrap().request_id)
else:
    print('WORKED sub-resource')
