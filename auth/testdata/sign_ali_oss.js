// Prints requests signed with version 4 by ali-oss, the official SDK for
// Node.js, as test cases.
//
//	npm install ali-oss@6.23.0
//	node sign_ali_oss.js [COUNT] > ali_oss.json
//
// The SDK signs; a URL is then read back, so that its escaping is part of the
// test. Names and values come from a fixed sequence, the date is that of the
// run. Parameters without a value are left out: ali-oss signs those of a URL
// as "name=", which is not what the documentation says.
const OSS = require('ali-oss');

const count = Number(process.argv[2] || 20);
let state = 1;
const random = n => (state = (state * 48271) % 2147483647) % n;
const letters = Array.from("abcXYZ019-_.~ +&=?/:%*'()!,;@$#é播🎥");
const text = (low, high) => Array.from({ length: low + random(high - low + 1) }, () => letters[random(letters.length)]).join('');

async function signed(i) {
  const c = {
    name: '', version: 'v4', kind: ['header', 'url'][i % 2], method: ['GET', 'PUT', 'POST', 'HEAD', 'DELETE'][random(5)],
    bucket: `bucket-${i}`, key: text(1, 20), region: ['cn-hangzhou', 'cn-local'][random(2)],
    id: `id${i}`, secret: text(8, 30).trim() + 's', header: {}, query: {},
  };
  c.name = `ali-oss v4 ${c.kind} ${i}`;
  if (random(3) === 0) c.token = text(10, 40).replace(/[^!-~]/g, '') + 't';
  if (random(2) === 0) c.header['Content-Type'] = 'text/plain; charset=utf-8';
  if (random(2) === 0) c.header['x-oss-meta-a'] = 'v' + text(0, 8).replace(/[^!-~]/g, '');
  if (random(2) === 0) {
    c.header.range = 'bytes=0-1';
    c.additional = ['range'];
  }
  for (const name of ['prefix', 'x-oss-process', 'marker', 'startTime']) {
    if (random(2) === 0) c.query[name] = text(1, 12);
  }
  const client = new OSS({
    accessKeyId: c.id, accessKeySecret: c.secret, stsToken: c.token, refreshSTSTokenInterval: 1e9,
    bucket: c.bucket, region: `oss-${c.region}`, authorizationV4: true,
  });
  if (c.kind === 'header') {
    // What its createRequest sets.
    c.header['x-oss-date'] = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
    c.header['x-oss-content-sha256'] = 'UNSIGNED-PAYLOAD';
    const headers = { ...c.header, ...(c.token && { 'x-oss-security-token': c.token }) };
    const queries = { ...c.query, live: null };
    c.authorization = client.authorizationV4(c.method, { headers, queries }, c.bucket, c.key, c.additional);
    c.signature = c.authorization.split('Signature=')[1];
    c.query.live = '';
    return c;
  }
  const url = await client.signatureUrlV4(c.method, 3600, { headers: c.header, queries: c.query }, c.key, c.additional);
  const q = Object.fromEntries(new URL(url).searchParams);
  const take = name => {
    const value = q[`x-oss-${name}`];
    delete q[`x-oss-${name}`];
    return value;
  };
  c.signature = take('signature');
  c.date = take('date');
  c.expires = Number(take('expires'));
  ['signature-version', 'credential', 'additional-headers', 'security-token'].forEach(take);
  c.query = q;
  return c;
}

(async () => {
  const cases = [];
  for (let i = 0; i < count; i++) cases.push(JSON.stringify(await signed(i)));
  console.log(`[\n${cases.join(',\n')}\n]`);
})();
