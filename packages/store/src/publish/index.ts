export {
  Checkpoint,
  type CheckpointJob,
  type CheckpointSegment,
  type JsonObject,
  type JsonValue,
} from './checkpoint.js'
export { type FolderStoreOptions, folderStore } from './folder-store.js'
export {
  type IpfsEntry,
  type IpfsStore,
  type IpfsStoreOptions,
  ipfsStore,
  type ReadRangeOptions,
} from './ipfs-store.js'
export { type KuboStoreOptions, kuboStore } from './kubo-store.js'
export { contentTypeOf } from './naming.js'
export * from './publish-store.js'
export type { RetryEvent } from './retry.js'
export type { S3ConnectionOptions, S3Credentials } from './s3-client.js'
export { type S3StoreOptions, s3Store } from './s3-store.js'
export { type StoreAddressOptions, s3Settings, storeFromAddress } from './store-address.js'
export {
  type AddOptions,
  type UploadBody,
  type UploadQueue,
  type UploadQueueOptions,
  type UploadRetryEvent,
  uploadQueue,
} from './upload-queue.js'
