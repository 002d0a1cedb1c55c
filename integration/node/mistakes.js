// Mistakes with ali-oss; see ../testdata/mistakes.txt. Prints
// MISTAKE <name> <x-oss-request-id of the refusal>, or PUBLISH <name> <URL> for
// a URL that an encoder is to try.
'use strict';

const OSS = require('ali-oss');

const endpoint = process.env.OSS_TEST_ENDPOINT.replace('127.0.0.1', 'localhost');
const client = bucket => new OSS({
  endpoint,
  accessKeyId: process.env.OSS_TEST_ACCESS_KEY_ID,
  accessKeySecret: process.env.OSS_TEST_ACCESS_KEY_SECRET,
  bucket,
});

async function sent(name, url, options) {
  const answer = await fetch(url, options);
  console.log(answer.status >= 400 ? 'MISTAKE' : 'WORKED', name, answer.headers.get('x-oss-request-id'));
}

async function main() {
  const vault = client('vault');
  await vault.put('node.txt', Buffer.from('text'));
  const url = vault.signatureUrl('node.txt', { expires: 60 });
  const { host, port } = new URL(url);
  await sent('host-changed', url.replace(host, `127.0.0.1:${port}`));
  const put = vault.signatureUrl('note.txt', { expires: 60, method: 'PUT', 'Content-Type': 'text/plain' });
  await sent('fetch-charset', put, { method: 'PUT', body: 'text' });
  await sent('bearer', url, { headers: { Authorization: 'Bearer eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl' } });
  console.log('PUBLISH rtmp-milliseconds', client('media').getRtmpUrl('lecture', { params: { playlistName: 'list.m3u8' }, expires: Date.now() }));
}

main().catch(e => {
  console.error(e);
  process.exit(1);
});
