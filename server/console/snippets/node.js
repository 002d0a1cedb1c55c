// npm install ali-oss
const OSS = require('ali-oss');

const client = new OSS({
  endpoint: 'http://127.0.0.1:9000',
  sldEnable: true, // the bucket is in the path: an IP address has no subdomains
  bucket: 'demo',
  accessKeyId: 'osslive',
  accessKeySecret: 'osslive-secret',
});

(async () => {
  const channel = await client.putChannel('lecture', {
    Status: 'enabled',
    Target: { Type: 'HLS', FragDuration: 2, FragCount: 5, PlaylistName: 'playlist.m3u8' },
  });
  console.log('push here:', client.getRtmpUrl('lecture', { params: { playlistName: 'playlist.m3u8' }, expires: 3600 }));
  console.log('play here:', channel.playUrls[0]);
})();
