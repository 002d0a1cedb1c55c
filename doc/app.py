"""A program for OSS: nothing in it is about osslive. The endpoint comes from the environment."""
import os

import oss2

auth = oss2.Auth(os.environ["OSS_ACCESS_KEY_ID"], os.environ["OSS_ACCESS_KEY_SECRET"])
bucket = oss2.Bucket(auth, os.environ["OSS_ENDPOINT"], os.environ["OSS_BUCKET"])

target = oss2.models.LiveChannelInfoTarget(frag_duration=2, frag_count=3)
created = bucket.create_live_channel("lecture", oss2.models.LiveChannelInfo(target=target))
print("play   ", created.play_url)
print("publish", bucket.sign_rtmp_url("lecture", "playlist.m3u8", 3600))

bucket.put_object("notes/hello.txt", "from the application")
print("object ", bucket.get_object("notes/hello.txt").read().decode())
print("status ", bucket.get_live_channel_stat("lecture").status)
