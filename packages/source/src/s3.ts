import { CuemuxError } from '@cuemux/core'
import { httpSource } from './http.js'
import type { HttpSource, HttpSourceOptions } from './http-options.js'

/** Who asks an S3 store. */
export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Of temporary credentials. */
  readonly sessionToken?: string | undefined
}

/** Which object {@link s3Source} reads, and how. */
export interface S3SourceOptions extends Omit<HttpSourceOptions, 'key' | 'shownAs' | 'renew'> {
  /** The store's address, `https://s3.eu-central-1.amazonaws.com`; Amazon's for the region when not given. */
  readonly endpoint?: string | undefined
  /** Region that requests are signed for; `us-east-1` when not given, `auto` for R2. */
  readonly region?: string | undefined
  readonly bucket: string
  /** Name of the object in the bucket, as it is: not encoded, without a slash before it. */
  readonly key: string
  /** Or what gives them, asked before each request: for roles, whose credentials change. */
  readonly credentials: S3Credentials | (() => S3Credentials | Promise<S3Credentials>)
  /** Where the bucket's name goes: into the `path` when not given, or before the `host`. */
  readonly addressing?: 'path' | 'host' | undefined
}

/**
 * A film in an S3 store (Amazon's, MinIO, R2, Ceph …). Reads as `httpSource` does, with each request signed (AWS
 * Signature Version 4) for the store's own address and no other. Its key is the store's address, the bucket and the
 * object's name, without credentials.
 *
 * @throws CuemuxError `BAD_REQUEST` for a bucket or an object that can't be in an address
 */
export function s3Source(options: S3SourceOptions): HttpSource {
  const { endpoint, region = 'us-east-1', bucket, key, credentials, addressing, ...how } = options
  const url = objectUrl(endpoint ?? `https://s3.${region}.amazonaws.com`, bucket, key, addressing ?? 'path')
  const send = how.fetch ?? globalThis.fetch
  return httpSource(url, {
    ...how,
    name: how.name ?? key.slice(key.lastIndexOf('/') + 1),
    key: `s3:${url.origin}${url.pathname}`,
    fetch: async (input, init) => {
      const asked = new URL(input instanceof Request ? input.url : input)
      if (asked.origin !== url.origin) return await send(asked.href, init)
      const signed = await sign(asked, init?.headers, region, credentials)
      return await send(asked.href, { ...init, headers: signed })
    },
  })
}

async function sign(
  url: URL,
  headers: NonNullable<Parameters<typeof fetch>[1]>['headers'],
  region: string,
  credentials: S3SourceOptions['credentials'],
): Promise<Headers> {
  const { accessKeyId, secretAccessKey, sessionToken } =
    typeof credentials === 'function' ? await credentials() : credentials
  // Loaded when the first request is signed: nobody else pays for it.
  const { AwsV4Signer } = await import('aws4fetch')
  const sent = new Headers(headers)
  const signer = new AwsV4Signer({
    url: url.href,
    method: 'GET',
    // Only what the store asks for: what stands between may change others (fetch itself adds to Accept-Encoding).
    headers: new Headers([...sent].filter(([name]) => name.startsWith('x-amz-'))),
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    service: 's3',
    region,
  })
  for (const [name, value] of (await signer.sign()).headers) sent.set(name, value)
  return sent
}

function objectUrl(endpoint: string, bucket: string, key: string, addressing: 'path' | 'host'): URL {
  let url: URL
  try {
    url = new URL(endpoint)
  } catch {
    throw new CuemuxError('BAD_REQUEST', 'The endpoint of the S3 store is not a URL.')
  }
  const parts = key.split('/')
  // A URL's parser takes these out, and another object would be read.
  if (key === '' || parts.some(part => part === '.' || part === '..')) {
    throw new CuemuxError('BAD_REQUEST', `${JSON.stringify(key)} is no object's name that can be asked for.`)
  }
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/.test(bucket)) {
    throw new CuemuxError('BAD_REQUEST', `${JSON.stringify(bucket)} is no bucket's name.`)
  }
  if (addressing === 'host') url.host = `${bucket}.${url.host}`
  const base = url.pathname.replace(/\/$/, '') + (addressing === 'path' ? `/${bucket}` : '')
  const object = new URL(url.origin)
  object.pathname = `${base}/${parts.map(encodePart).join('/')}`
  return object
}

/** As the signature's canonical form has it (RFC 3986): what it leaves as it is, the address must too. */
function encodePart(part: string): string {
  return encodeURIComponent(part).replace(/[!'()*]/g, c => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
}
