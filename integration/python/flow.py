"""What the flows of both Python SDKs share: steps, waiting, and the encoder.

A flow reads its settings from the environment, prints one line for each step,

    STEP <operation> ok
    STEP <operation> n/a: <why the SDK has no such thing>
    STEP <operation> fail: <what happened>

and goes on after a failure, so that one fault shows once. The operations, what
each of them does, and the settings are those of ../README.md.
"""
import os
import subprocess
import sys
import time
import traceback

ENDPOINT = os.environ['OSS_TEST_ENDPOINT']
REGION = os.environ['OSS_TEST_REGION']
BUCKET = os.environ['OSS_TEST_BUCKET']
KEY_ID = os.environ['OSS_TEST_ACCESS_KEY_ID']
KEY_SECRET = os.environ['OSS_TEST_ACCESS_KEY_SECRET']
TOKEN = os.environ.get('OSS_TEST_SECURITY_TOKEN')
SIGNATURE = os.environ['OSS_TEST_SIGNATURE']
PATH_STYLE = os.environ['OSS_TEST_ADDRESSING'] == 'path'
CLIP = os.environ['OSS_TEST_CLIP']

CHANNEL = 'lecture-频道'
DESCRIPTION = '<测试> & "频道"'
PLAYLIST = 'list.m3u8'
MANY = 250
KEY = 'dir/ä +&?#%2F 对象.bin'
DATA = bytes(range(256)) * 1200  # 300 KiB: three parts of 100 KiB, the smallest allowed
PART = 100 << 10


class NotAvailable(Exception):
    """The SDK has no such operation; says why."""


def step(run):
    """Runs a function as the step that it is named for."""
    name = run.__name__.replace('_', '-')
    try:
        run()
    except NotAvailable as e:
        print('STEP %s n/a: %s' % (name, e), flush=True)
    except Exception as e:
        traceback.print_exc()
        print('STEP %s fail: %s' % (name, ' '.join(str(e).split())), flush=True)
    else:
        print('STEP %s ok' % name, flush=True)


def expect(what, got, want):
    if got != want:
        raise AssertionError('%s: got %r, want %r' % (what, got, want))


def until(what, check):
    """Asks ten times a second until check returns something."""
    deadline = time.monotonic() + 15
    while True:
        found = check()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError('not within 15 s: ' + what)
        time.sleep(0.1)


class Encoder:
    """ffmpeg, sending the clip in real time."""

    def __init__(self, url):
        self.began = int(time.time())
        self.process = subprocess.Popen(
            ['ffmpeg', '-v', 'error', '-nostdin', '-re', '-i', CLIP, '-c', 'copy', '-f', 'flv', url], stderr=sys.stderr)

    def running(self):
        if self.process.poll() is not None:
            raise AssertionError('ffmpeg ended with %d' % self.process.returncode)
        return True

    def finish(self):
        """Ends the push, once it is long enough for a few segments."""
        time.sleep(max(0, self.began + 6 - time.time()))
        self.running()
        self.process.terminate()
        self.process.wait(30)
