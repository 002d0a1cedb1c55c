"""The flow with alibabacloud-oss-v2, the second generation of the Python SDK.

It has no live channel API and no RTMP signer; its generic call reaches the
operations, and a public-read-write bucket takes a push without a signature.
"""
import datetime
import hashlib
import xml.etree.ElementTree as ET

import alibabacloud_oss_v2 as oss
import requests

from flow import *

client = oss.Client(oss.config.Config(
    region=REGION, endpoint=ENDPOINT, signature_version=SIGNATURE.lower(), use_path_style=PATH_STYLE,
    credentials_provider=oss.credentials.StaticCredentialsProvider(KEY_ID, KEY_SECRET, TOKEN)))
encoder = None
publish_url = None


def live(method, key, parameters, body=None):
    """An operation that the SDK has no name for; returns the parsed answer. V1 signs the sub-resources that it is told of."""
    answer = client.invoke_operation(oss.OperationInput(
        op_name='LiveChannel', method=method, bucket=BUCKET, key=key, parameters=parameters, body=body,
        op_metadata={'sub-resource': [p for p in parameters if p not in ('prefix', 'marker', 'max-keys')]}))
    text = answer.http_response.content
    return ET.fromstring(text) if text.startswith(b'<?xml') else text.decode()


def fails(code, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except oss.exceptions.OperationError as e:
        expect('error code', e.unwrap().code, code)
    else:
        raise AssertionError('no error, want ' + code)


def create(name):
    root = ET.Element('LiveChannelConfiguration')
    ET.SubElement(root, 'Description').text = DESCRIPTION
    ET.SubElement(root, 'Status').text = 'enabled'
    target = ET.SubElement(root, 'Target')
    for tag, value in (('Type', 'HLS'), ('FragDuration', '1'), ('FragCount', '3'), ('PlaylistName', PLAYLIST)):
        ET.SubElement(target, tag).text = value
    return live('PUT', name, {'live': ''}, ET.tostring(root, 'utf-8'))


def state():
    return live('GET', CHANNEL, {'live': '', 'comp': 'stat'})


def listing(**parameters):
    page = live('GET', None, dict({k.replace('_', '-'): v for k, v in parameters.items()}, live=''))
    return [c.findtext('Name') for c in page.findall('LiveChannel')], page.findtext('IsTruncated'), page.findtext('NextMarker')


def all_channels(**parameters):
    marker = ''
    while True:
        names, more, marker = listing(marker=marker, **parameters)
        yield from names
        if more != 'true':
            return


def read(key, **options):
    got = client.get_object(oss.GetObjectRequest(bucket=BUCKET, key=key, **options))
    return got.body.read()


def bucket():
    client.put_bucket(oss.PutBucketRequest(bucket=BUCKET, acl='public-read-write'))
    expect('name', client.get_bucket_info(oss.GetBucketInfoRequest(bucket=BUCKET)).bucket_info.name, BUCKET)
    expect('acl', client.get_bucket_acl(oss.GetBucketAclRequest(bucket=BUCKET)).acl, 'public-read-write')
    pages = client.list_buckets_paginator().iter_page(oss.ListBucketsRequest(prefix=BUCKET))
    expect('buckets', [b.name for page in pages for b in page.buckets], [BUCKET])
    expect('live channels', client.get_bucket_stat(oss.GetBucketStatRequest(bucket=BUCKET)).live_channel_count, 0)


def channel():
    global publish_url
    fails('NoSuchLiveChannel', live, 'GET', CHANNEL, {'live': ''})
    made = create(CHANNEL)
    publish_url = made.findtext('PublishUrls/Url')
    expect('publish URL', publish_url.startswith('rtmp://'), True)
    expect('play URL', made.findtext('PlayUrls/Url').endswith('/' + PLAYLIST), True)
    info = live('GET', CHANNEL, {'live': ''})
    expect('configuration', [info.findtext(p) for p in
                             ('Status', 'Description', 'Target/Type', 'Target/FragDuration', 'Target/FragCount', 'Target/PlaylistName')],
           ['enabled', DESCRIPTION, 'HLS', '1', '3', PLAYLIST])
    live('DELETE', CHANNEL, {'live': ''})
    live('DELETE', CHANNEL, {'live': ''})
    fails('NoSuchLiveChannel', live, 'GET', CHANNEL, {'live': ''})
    create(CHANNEL)


def list_channels():
    names = ['many-%03d' % i for i in range(MANY)]
    for name in names:
        create(name)
    expect('first page', listing(prefix='many-'), (names[:100], 'true', 'many-099'))
    expect('last page', listing(prefix='many-', marker='many-199', max_keys='1000'), (names[200:], 'false', ''))
    expect('all pages', list(all_channels(prefix='many-')), names)
    expect('live channels', client.get_bucket_stat(oss.GetBucketStatRequest(bucket=BUCKET)).live_channel_count, MANY + 1)


def status():
    live('PUT', CHANNEL, {'live': '', 'status': 'disabled'})
    expect('status', live('GET', CHANNEL, {'live': ''}).findtext('Status'), 'disabled')
    expect('state', state().findtext('Status'), 'Disabled')
    live('PUT', CHANNEL, {'live': '', 'status': 'enabled'})
    expect('state', state().findtext('Status'), 'Idle')


def sign_rtmp():
    signers = [name for name in dir(oss.Client) if 'rtmp' in name.lower() or 'live' in name.lower()]
    expect('methods for live channels', signers, [])
    raise NotAvailable('the SDK has no RTMP signer')


def push():
    global encoder
    encoder = Encoder(publish_url)
    until('the channel is live', lambda: encoder.running() and state().findtext('Status') == 'Live')


def stat():
    def media():
        s = state()
        return s.findtext('Audio/Codec') and s.findtext('Video/FrameRate', '0') != '0' and s

    s = until('GetLiveChannelStat tells of picture and sound', media)
    expect('media', [s.findtext(p) for p in ('Video/Width', 'Video/Height', 'Video/FrameRate', 'Video/Codec', 'Audio/SampleRate', 'Audio/Codec')],
           ['320', '180', '25', 'H264', '44100', 'AAC'])


def history():
    encoder.finish()
    until('the channel is idle', lambda: state().findtext('Status') == 'Idle')
    records = live('GET', CHANNEL, {'live': '', 'comp': 'history'}).findall('LiveRecord')
    expect('records', len(records), 1)
    start, end = (datetime.datetime.strptime(records[0].findtext(t), '%Y-%m-%dT%H:%M:%S.000Z').replace(tzinfo=datetime.timezone.utc).timestamp()
                  for t in ('StartTime', 'EndTime'))
    expect('start', abs(start - encoder.began) <= 20, True)
    expect('end after start', end > start, True)


def span(start, end):
    return {'vod': '', 'startTime': str(start), 'endTime': str(end)}


def post_vod():
    fails('InvalidArgument', live, 'POST', CHANNEL + '/vod.m3u8', span(encoder.began - 7200, encoder.began - 3600))
    live('POST', CHANNEL + '/vod.m3u8', span(encoder.began - 5, int(time.time()) + 1))
    expect('segments', read(CHANNEL + '/vod.m3u8').count(b'#EXTINF') >= 2, True)


def get_vod():
    expect('playlist', live('GET', CHANNEL, span(encoder.began - 5, int(time.time()) + 1)), read(CHANNEL + '/vod.m3u8').decode())


def object():
    put = client.put_object(oss.PutObjectRequest(bucket=BUCKET, key=KEY, body=DATA, content_type='text/x-flow', metadata={'note': 'kept'}))
    expect('ETag', put.etag.strip('"'), hashlib.md5(DATA).hexdigest().upper())
    crc = oss.crc.Crc64(0)
    crc.update(DATA)
    expect('CRC', put.hash_crc64, str(crc.sum64()))
    expect('bytes', read(KEY) == DATA, True)  # the SDK compares the CRC
    head = client.head_object(oss.HeadObjectRequest(bucket=BUCKET, key=KEY))
    expect('head', (head.content_length, head.content_type, head.metadata['note'], head.hash_crc64, head.etag),
           (len(DATA), 'text/x-flow', 'kept', put.hash_crc64, put.etag))
    expect('range', read(KEY, range_header='bytes=1-299'), DATA[1:300])
    pages = client.list_objects_paginator().iter_page(oss.ListObjectsRequest(bucket=BUCKET, prefix='dir/'))
    expect('keys', [o.key for page in pages for o in page.contents], [KEY])
    pages = client.list_objects_v2_paginator().iter_page(oss.ListObjectsV2Request(bucket=BUCKET, prefix='dir/'))
    expect('keys', [o.key for page in pages for o in page.contents], [KEY])
    top = client.list_objects_v2(oss.ListObjectsV2Request(bucket=BUCKET, delimiter='/'))
    expect('folders', [p.prefix for p in top.common_prefixes], ['dir/', CHANNEL + '/'])
    fails('NoSuchKey', client.get_object, oss.GetObjectRequest(bucket=BUCKET, key='nothing'))


def sign_url():
    minute = datetime.timedelta(minutes=1)
    got = client.presign(oss.GetObjectRequest(bucket=BUCKET, key=KEY), expires=minute)
    expect('bytes', requests.get(got.url).content == DATA, True)
    put = client.presign(oss.PutObjectRequest(bucket=BUCKET, key='signed', content_type='text/plain'), expires=minute)
    expect('uploaded', requests.put(put.url, data=b'signed', headers=put.signed_headers).status_code, 200)
    expect('read', read('signed'), b'signed')


def copy():
    client.copy_object(oss.CopyObjectRequest(bucket=BUCKET, key='copied', source_bucket=BUCKET, source_key=KEY))
    expect('copy', read('copied') == DATA, True)


def append():
    first = client.append_object(oss.AppendObjectRequest(bucket=BUCKET, key='appended', position=0, body=DATA[:1000]))
    second = client.append_object(oss.AppendObjectRequest(bucket=BUCKET, key='appended', position=first.next_position, body=DATA[1000:]))
    expect('position', second.next_position, len(DATA))
    expect('appended', read('appended') == DATA, True)
    fails('PositionNotEqualToLength', client.append_object, oss.AppendObjectRequest(bucket=BUCKET, key='appended', position=5, body=b'x'))


def multipart():
    upload = client.initiate_multipart_upload(oss.InitiateMultipartUploadRequest(bucket=BUCKET, key='parts')).upload_id
    parts = []
    for number in (1, 2, 3):
        sent = client.upload_part(oss.UploadPartRequest(
            bucket=BUCKET, key='parts', upload_id=upload, part_number=number, body=DATA[(number - 1) * PART:number * PART]))
        parts.append(oss.UploadPart(part_number=number, etag=sent.etag))
    pages = client.list_parts_paginator().iter_page(oss.ListPartsRequest(bucket=BUCKET, key='parts', upload_id=upload))
    expect('parts', [(p.part_number, p.etag, p.size) for page in pages for p in page.parts], [(p.part_number, p.etag, PART) for p in parts])
    client.complete_multipart_upload(oss.CompleteMultipartUploadRequest(
        bucket=BUCKET, key='parts', upload_id=upload, complete_multipart_upload=oss.CompleteMultipartUpload(parts=parts)))
    expect('bytes', read('parts') == DATA, True)
    client.initiate_multipart_upload(oss.InitiateMultipartUploadRequest(bucket=BUCKET, key='never finished'))
    expect('uploads', [u.key for u in uploads()], ['never finished'])


def uploads():
    pages = client.list_multipart_uploads_paginator().iter_page(oss.ListMultipartUploadsRequest(bucket=BUCKET))
    return [u for page in pages for u in page.uploads or []]


def clean_up():
    fails('BucketNotEmpty', client.delete_bucket, oss.DeleteBucketRequest(bucket=BUCKET))
    for u in uploads():
        client.abort_multipart_upload(oss.AbortMultipartUploadRequest(bucket=BUCKET, key=u.key, upload_id=u.upload_id))
    for page in client.list_objects_v2_paginator().iter_page(oss.ListObjectsV2Request(bucket=BUCKET, max_keys=1000)):
        keys = [o.key for o in page.contents or []]
        gone = client.delete_multiple_objects(oss.DeleteMultipleObjectsRequest(
            bucket=BUCKET, encoding_type='url', objects=[oss.DeleteObject(key=k) for k in keys]))
        expect('deleted', sorted(o.key for o in gone.deleted_objects), sorted(keys))
    for name in all_channels():
        live('DELETE', name, {'live': ''})
    client.delete_bucket(oss.DeleteBucketRequest(bucket=BUCKET))
    fails('NoSuchBucket', client.get_bucket_info, oss.GetBucketInfoRequest(bucket=BUCKET))


for one in (bucket, channel, list_channels, status, sign_rtmp, push, stat, history, post_vod, get_vod,
            object, sign_url, copy, append, multipart, clean_up):
    step(one)
