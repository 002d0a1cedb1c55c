"""The official page "Manage LiveChannels by using OSS SDK for Python", run.

Every operation of the page, in its order and with its arguments, against the
endpoint in OSS_TEST_ENDPOINT; nothing else is set. Where the page says to
start an encoder, ffmpeg pushes $CLIP to exactly the URL that the SDK signed.
Prints each operation; the exit code says whether all of them held.

The page deletes the channel after listing it and disables it after enabling
it, and then goes on to use it: so the create runs again after the delete, and
the enable after the disable.
"""
import json
import os
import subprocess
import sys
import time

import oss2

access_key_id = os.getenv('OSS_TEST_ACCESS_KEY_ID')
access_key_secret = os.getenv('OSS_TEST_ACCESS_KEY_SECRET')
bucket_name = os.getenv('OSS_TEST_BUCKET')
endpoint = os.getenv('OSS_TEST_ENDPOINT')
clip = os.environ['CLIP']

bucket = oss2.Bucket(oss2.Auth(access_key_id, access_key_secret), endpoint, bucket_name)

channel_name = 'test_rtmp_live'
playlist_name = 'test.m3u8'


def step(name, *what):
    print('%-24s' % name, *what, flush=True)


def expect(what, got, want):
    if got != want:
        sys.exit('%s: got %r, want %r' % (what, got, want))


def near(what, got, want):
    step('', '%s %d B/s, ffprobe %d B/s (%+.1f %%)' % (what, got, want, 100.0 * got / want - 100))
    if abs(got - want) > want / 10:
        sys.exit('%s: got %d, want %d within 10 %%' % (what, got, want))


def until(what, limit, check):
    """Asks four times a second until check returns something."""
    deadline = time.monotonic() + limit
    while True:
        found = check()
        if found:
            return found
        if time.monotonic() > deadline:
            sys.exit('not within %d s: %s' % (limit, what))
        time.sleep(0.25)


def probed():
    """What ffprobe says of the clip: streams, and bytes a second of each."""
    text = subprocess.check_output(['ffprobe', '-v', 'error', '-show_streams', '-show_entries',
                                    'packet=stream_index,size,dts_time', '-of', 'json', clip])
    answer = json.loads(text)
    streams = {s['codec_type']: s for s in answer['streams']}
    for s in streams.values():
        packets = [p for p in answer['packets'] if p['stream_index'] == s['index']]
        span = float(packets[-1]['dts_time']) - float(packets[0]['dts_time'])
        s['bandwidth'] = sum(int(p['size']) for p in packets) / span
    return streams


def create():
    result = bucket.create_live_channel(
        channel_name,
        oss2.models.LiveChannelInfo(
            status='enabled',
            description='测试使用的直播频道',
            target=oss2.models.LiveChannelInfoTarget(
                playlist_name=playlist_name,
                frag_count=3,
                frag_duration=5)))
    step('create_live_channel', result.publish_url, result.play_url)
    address = endpoint.replace('http://', '')
    expect('publish_url', result.publish_url, 'rtmp://%s/%s/live/%s' % (address, bucket_name, channel_name))
    expect('play_url', result.play_url, 'http://%s/%s/%s/%s' % (address, bucket_name, channel_name, playlist_name))


step('oss2', oss2.__version__)

# Create a LiveChannel.
create()

# List and delete LiveChannels.
found = [info.name for info in oss2.LiveChannelIterator(bucket, prefix='test')]
step('LiveChannelIterator', found)
expect('channels with prefix test', found, [channel_name])
expect('channels with prefix other', [info.name for info in oss2.LiveChannelIterator(bucket, prefix='other')], [])
bucket.delete_live_channel(channel_name)
step('delete_live_channel')
expect('channels after the delete', [info.name for info in oss2.LiveChannelIterator(bucket)], [])
create()

# Set the status of a LiveChannel.
for status in ('enabled', 'disabled', 'enabled'):
    bucket.put_live_channel_status(channel_name, status)
    step('put_live_channel_status', status)
    expect('status', bucket.get_live_channel(channel_name).status, status)

# Obtain the signed ingest URL, and push to it.
signed_url = bucket.sign_rtmp_url(channel_name, playlist_name, expires=3600)
step('sign_rtmp_url', signed_url)
pushed_at = int(time.time())
encoder = subprocess.Popen(['ffmpeg', '-v', 'error', '-nostdin', '-re', '-i', clip, '-c', 'copy', '-f', 'flv', signed_url])
try:
    # Query the status of the stream. Bandwidth is an average over recent
    # seconds and 0 at the start: ask until the average has settled.
    def settled():
        stat = bucket.get_live_channel_stat(channel_name)
        return stat.status == 'Live' and time.time() > pushed_at + 20 and stat

    stat = until('the channel is live for a while', 40, settled)
    step('get_live_channel_stat', stat.status, stat.remote_addr, stat.connected_time)
    video, audio = probed()['video'], probed()['audio']
    frames, per = map(int, video['avg_frame_rate'].split('/'))
    expect('connected_time', abs(stat.connected_time - pushed_at) <= 3, True)
    expect('width', stat.video.width, video['width'])
    expect('height', stat.video.height, video['height'])
    expect('frame_rate', stat.video.frame_rate, frames // per)
    expect('video codec', stat.video.codec, {'h264': 'H264'}[video['codec_name']])
    expect('audio codec', stat.audio.codec, {'aac': 'AAC'}[audio['codec_name']])
    expect('sample_rate', stat.audio.sample_rate, int(audio['sample_rate']))
    step('', '%dx%d, %d fps, %s, %s, %d Hz as ffprobe says' % (
        stat.video.width, stat.video.height, stat.video.frame_rate, stat.video.codec, stat.audio.codec, stat.audio.sample_rate))
    near('video', stat.video.bandwidth, video['bandwidth'])
    near('audio', stat.audio.bandwidth, audio['bandwidth'])

    # Generate and view a VOD playlist. The page's span ends a minute ago, so
    # the push has to be older; and its name is the one of the live list.
    def recorded():
        global start_time, end_time
        end_time = int(time.time()) - 60
        start_time = end_time - 3600
        return end_time > pushed_at + 12

    until('a segment is a minute old', 100, recorded)
    bucket.post_vod_playlist(channel_name, playlist_name, start_time=start_time, end_time=end_time)
    posted = bucket.get_object(channel_name + '/' + playlist_name).read().decode()
    step('post_vod_playlist', '%s now has %d segments and an end' % (playlist_name, posted.count('#EXTINF')))
    expect('ENDLIST in the posted list', posted.rstrip().endswith('#EXT-X-ENDLIST'), True)

    result = bucket.get_vod_playlist(channel_name, start_time=start_time, end_time=end_time)
    step('get_vod_playlist', '%d segments' % result.playlist.count('#EXTINF'))
    expect('get_vod_playlist', result.playlist, posted)

    def live_again():
        text = bucket.get_object(channel_name + '/' + playlist_name).read().decode()
        return '#EXT-X-ENDLIST' not in text and text

    replaced = until('the next cut replaces the posted list', 8, live_again)
    expect('segments in the live list', replaced.count('#EXTINF'), 3)
    step('', 'the next cut replaced it with the live list')

    # Query the configuration of a LiveChannel.
    info = bucket.get_live_channel(channel_name)
    step('get_live_channel', info.description, info.status, info.target.type, info.target.frag_count,
         info.target.frag_duration, info.target.playlist_name)
    expect('configuration',
           (info.description, info.status, info.target.type, info.target.frag_count, info.target.frag_duration, info.target.playlist_name),
           ('测试使用的直播频道', 'enabled', 'HLS', '3', '5', playlist_name))
    expect('encoder ended early', encoder.poll(), None)
finally:
    encoder.terminate()
    encoder.wait()

# Query the stream ingest records of a LiveChannel.
until('the channel is idle', 10, lambda: bucket.get_live_channel_stat(channel_name).status == 'Idle')
history = bucket.get_live_channel_history(channel_name)
step('get_live_channel_history', *['%d-%d %s' % (r.start_time, r.end_time, r.remote_addr) for r in history.records])
expect('records', len(history.records), 1)
expect('start', abs(history.records[0].start_time - pushed_at) <= 3, True)
expect('remote_addr', history.records[0].remote_addr, stat.remote_addr)
print('page: every operation as expected with oss2', oss2.__version__)
