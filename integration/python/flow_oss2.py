"""The flow with oss2: what an application does with live channels and objects."""
import hashlib

import oss2
import requests

from flow import *

version = {'V1': oss2.AUTH_VERSION_1, 'V2': oss2.AUTH_VERSION_2, 'V4': oss2.AUTH_VERSION_4}[SIGNATURE]
if TOKEN:
    auth = oss2.StsAuth(KEY_ID, KEY_SECRET, TOKEN, version)
else:
    auth = oss2.make_auth(KEY_ID, KEY_SECRET, version)
service = oss2.Service(auth, ENDPOINT, region=REGION, is_path_style=PATH_STYLE)
client = oss2.Bucket(auth, ENDPOINT, BUCKET, region=REGION, is_path_style=PATH_STYLE)
encoder = None
signed = None


def fails(code, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except oss2.exceptions.OssError as e:
        expect('error code', e.code, code)
    else:
        raise AssertionError('no error, want ' + code)


def create(name):
    return client.create_live_channel(name, oss2.models.LiveChannelInfo(
        status='enabled', description=DESCRIPTION,
        target=oss2.models.LiveChannelInfoTarget(playlist_name=PLAYLIST, frag_count=3, frag_duration=1)))


def bucket():
    client.create_bucket(oss2.BUCKET_ACL_PRIVATE)
    expect('name', client.get_bucket_info().name, BUCKET)
    expect('acl', client.get_bucket_acl().acl, oss2.BUCKET_ACL_PRIVATE)
    expect('buckets', [b.name for b in oss2.BucketIterator(service, prefix=BUCKET)], [BUCKET])
    expect('live channels', client.get_bucket_stat().live_channel_count, 0)


def channel():
    fails('NoSuchLiveChannel', client.get_live_channel, CHANNEL)
    made = create(CHANNEL)
    expect('publish URL', made.publish_url.startswith('rtmp://'), True)
    expect('play URL', made.play_url.endswith('/' + PLAYLIST), True)
    info = client.get_live_channel(CHANNEL)
    expect('configuration',
           (info.status, info.description, info.target.type, info.target.frag_duration, info.target.frag_count, info.target.playlist_name),
           ('enabled', DESCRIPTION, 'HLS', '1', '3', PLAYLIST))
    client.delete_live_channel(CHANNEL)
    client.delete_live_channel(CHANNEL)
    fails('NoSuchLiveChannel', client.get_live_channel, CHANNEL)
    create(CHANNEL)


def list_channels():
    names = ['many-%03d' % i for i in range(MANY)]
    for name in names:
        create(name)
    page = client.list_live_channel(prefix='many-')
    expect('first page', ([c.name for c in page.channels], page.is_truncated, page.next_marker), (names[:100], True, 'many-099'))
    page = client.list_live_channel(prefix='many-', marker='many-199', max_keys=1000)
    expect('last page', ([c.name for c in page.channels], page.is_truncated, page.next_marker), (names[200:], False, ''))
    expect('description', page.channels[0].description, DESCRIPTION)
    expect('all pages', [c.name for c in oss2.LiveChannelIterator(client, prefix='many-')], names)
    expect('live channels', client.get_bucket_stat().live_channel_count, MANY + 1)


def status():
    client.put_live_channel_status(CHANNEL, 'disabled')
    expect('status', client.get_live_channel(CHANNEL).status, 'disabled')
    expect('state', client.get_live_channel_stat(CHANNEL).status, 'Disabled')
    client.put_live_channel_status(CHANNEL, 'enabled')
    expect('state', client.get_live_channel_stat(CHANNEL).status, 'Idle')


def sign_rtmp():
    global signed
    signed = client.sign_rtmp_url(CHANNEL, PLAYLIST, 3600)


def push():
    global encoder
    encoder = Encoder(signed)
    until('the channel is live', lambda: encoder.running() and client.get_live_channel_stat(CHANNEL).status == 'Live')


def stat():
    def media():
        s = client.get_live_channel_stat(CHANNEL)
        return s.video and s.audio and s.video.frame_rate and s

    s = until('GetLiveChannelStat tells of picture and sound', media)
    expect('video', (s.video.width, s.video.height, s.video.frame_rate, s.video.codec), (320, 180, 25, 'H264'))
    expect('audio', (s.audio.sample_rate, s.audio.codec), (44100, 'AAC'))


def history():
    encoder.finish()
    until('the channel is idle', lambda: client.get_live_channel_stat(CHANNEL).status == 'Idle')
    records = client.get_live_channel_history(CHANNEL).records
    expect('records', len(records), 1)
    expect('start', abs(records[0].start_time - encoder.began) <= 20, True)
    expect('end after start', records[0].end_time > records[0].start_time, True)


def vod_text():
    return client.get_object('%s/vod.m3u8' % CHANNEL).read().decode()


def post_vod():
    fails('InvalidArgument', client.post_vod_playlist, CHANNEL, 'vod.m3u8', encoder.began - 7200, encoder.began - 3600)
    client.post_vod_playlist(CHANNEL, 'vod.m3u8', encoder.began - 5, int(time.time()) + 1)
    expect('segments', vod_text().count('#EXTINF') >= 2, True)


def get_vod():
    expect('playlist', client.get_vod_playlist(CHANNEL, encoder.began - 5, int(time.time()) + 1).playlist, vod_text())


def object():
    put = client.put_object(KEY, DATA, headers={'x-oss-meta-note': 'kept', 'Content-Type': 'text/x-flow'})
    expect('ETag', put.etag, hashlib.md5(DATA).hexdigest().upper())
    got = client.get_object(KEY)
    expect('bytes', got.read() == DATA, True)
    expect('CRC', (got.client_crc, got.server_crc), (put.crc, put.crc))
    head = client.head_object(KEY)
    expect('head', (head.content_length, head.content_type, head.headers['x-oss-meta-note'], head.server_crc, head.etag),
           (len(DATA), 'text/x-flow', 'kept', put.crc, put.etag))
    expect('range', client.get_object(KEY, byte_range=(1, 299)).read(), DATA[1:300])
    expect('keys', [o.key for o in oss2.ObjectIterator(client, prefix='dir/')], [KEY])
    expect('keys', [o.key for o in oss2.ObjectIteratorV2(client, prefix='dir/')], [KEY])
    expect('folders', [o.key for o in oss2.ObjectIterator(client, delimiter='/') if o.is_prefix()], ['dir/', CHANNEL + '/'])
    fails('NoSuchKey', client.get_object, 'nothing')


def sign_url():
    url = client.sign_url('GET', KEY, 60, slash_safe=True)
    expect('bytes', requests.get(url).content == DATA, True)
    expect('uploaded', requests.put(client.sign_url('PUT', 'signed', 60), data=b'signed').status_code, 200)
    expect('read', client.get_object('signed').read(), b'signed')


def copy():
    client.copy_object(BUCKET, KEY, 'copied')
    expect('copy', client.get_object('copied').read() == DATA, True)


def append():
    first = client.append_object('appended', 0, DATA[:1000])
    second = client.append_object('appended', first.next_position, DATA[1000:], init_crc=first.crc)
    expect('position', second.next_position, len(DATA))
    expect('appended', client.get_object('appended').read() == DATA, True)
    fails('PositionNotEqualToLength', client.append_object, 'appended', 5, b'x')


def multipart():
    upload = client.init_multipart_upload('parts').upload_id
    parts = []
    for number in (1, 2, 3):
        piece = DATA[(number - 1) * PART:number * PART]
        sent = client.upload_part('parts', upload, number, piece)
        parts.append(oss2.models.PartInfo(number, sent.etag, size=len(piece), part_crc=sent.crc))
    listed = [(p.part_number, p.etag, p.size) for p in oss2.PartIterator(client, 'parts', upload)]
    expect('parts', listed, [(p.part_number, p.etag, p.size) for p in parts])
    client.complete_multipart_upload('parts', upload, parts)
    got = client.get_object('parts')
    expect('bytes', got.read() == DATA, True)
    expect('CRC', got.client_crc, got.server_crc)
    client.init_multipart_upload('never finished')
    expect('uploads', [u.key for u in oss2.MultipartUploadIterator(client)], ['never finished'])


def clean_up():
    fails('BucketNotEmpty', client.delete_bucket)
    for u in oss2.MultipartUploadIterator(client):
        client.abort_multipart_upload(u.key, u.upload_id)
    while True:
        keys = [o.key for o in client.list_objects(max_keys=1000).object_list]
        if not keys:
            break
        expect('deleted', sorted(client.batch_delete_objects(keys).deleted_keys), sorted(keys))
    for c in oss2.LiveChannelIterator(client):
        client.delete_live_channel(c.name)
    client.delete_bucket()
    fails('NoSuchBucket', client.get_bucket_info)


for one in (bucket, channel, list_channels, status, sign_rtmp, push, stat, history, post_vod, get_vod,
            object, sign_url, copy, append, multipart, clean_up):
    step(one)
