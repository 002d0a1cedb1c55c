# pip install oss2
import oss2

auth = oss2.Auth('osslive', 'osslive-secret')
bucket = oss2.Bucket(auth, 'http://127.0.0.1:9000', 'demo')

target = oss2.models.LiveChannelInfoTarget(frag_duration=2, frag_count=5)
channel = bucket.create_live_channel('lecture', oss2.models.LiveChannelInfo(target=target))

print('push here:', bucket.sign_rtmp_url('lecture', 'playlist.m3u8', 3600))
print('play here:', channel.play_url)
