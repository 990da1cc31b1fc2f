import { createHash, createHmac } from 'node:crypto'
import type { SeenRequest } from './fault-proxy.js'

/**
 * Whether a request is signed right, by the description of AWS Signature Version 4 for S3 alone: an opinion of its own, as s3rver
 * doesn't look at signatures.
 */
export function isSignedRight({ method, url, headers }: SeenRequest, secret: string): boolean {
  const { hostname, pathname, searchParams } = new URL(url, 'http://server')
  const pattern =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=(\w+)$/
  const [, , day = '', region = '', names = '', signature = ''] = pattern.exec(headers.authorization ?? '') ?? []
  const isComplete = ['host', 'x-amz-date', 'x-amz-content-sha256'].every(name => names.split(';').includes(name))
  if (hostname === '' || !isComplete) return false
  const query = [...searchParams].map(([name, value]) => `${encode(name)}=${encode(value)}`).sort()
  const canonical = [
    method,
    decodeURIComponent(pathname).split('/').map(encode).join('/'),
    query.join('&'),
    ...names.split(';').map(name => `${name}:${String(headers[name]).trim().replace(/ +/g, ' ')}`),
    '',
    names,
    headers['x-amz-content-sha256'],
  ].join('\n')
  const scope = `${day}/${region}/s3/aws4_request`
  const hash = createHash('sha256').update(canonical).digest('hex')
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, hash].join('\n')
  const key = [day, region, 's3', 'aws4_request'].reduce(sign, Buffer.from(`AWS4${secret}`))
  return sign(key, text).toString('hex') === signature
}

function sign(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

/** All but letters, digits and `-._~` as %XX. */
function encode(text: string): string {
  return [...Buffer.from(text)]
    .map(byte => {
      const letter = String.fromCharCode(byte)
      return /[A-Za-z0-9\-._~]/.test(letter) ? letter : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
    })
    .join('')
}
