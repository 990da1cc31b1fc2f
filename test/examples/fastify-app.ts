import { createHandler, type Handler, toNodeListener } from 'cuemux'
import fastify, { type FastifyInstance } from 'fastify'

/** Films in a Fastify app. */
export function fastifyApp(films: Readonly<Record<string, string>>): { app: FastifyInstance; handler: Handler } {
  const app = fastify()
  const handler = createHandler({ basePath: '/films', resolve: id => films[id] })
  const listener = toNodeListener(handler)
  app.all('/films/*', (request, reply) => {
    // From here on the answer is the handler's, which writes it at the pace of the client.
    reply.hijack()
    listener(request.raw, reply.raw)
  })
  app.addHook('onClose', () => handler.close())
  return { app, handler }
}
