/** One process of a program: makes the calls that it is sent, one after the other. Ends with its parent. */
import { Machine } from './machine.js';
import type { ActorRequest } from './actors.js';

// Modes of programs are those that are asked for.
process.umask(0);
let machine = new Machine('/nowhere');

process.on('disconnect', () => {
  process.exit();
});
process.on('message', (request: ActorRequest) => {
  if (request.what === 'begin') machine = new Machine(request.root);
  const reply =
    request.what === 'step'
      ? machine.run(request.step)
      : request.what === 'close-all'
        ? machine.closeAll()
        : { value: undefined };
  process.send?.(reply);
});
