/** Addresses of the clients behind requests, where what made the request knows them. */
export const remoteAddresses: WeakMap<Request, string> = new WeakMap()
