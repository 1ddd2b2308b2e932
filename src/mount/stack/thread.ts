import { rmSync } from 'node:fs';
import { Session, type Debugger, type InspectorNotification } from 'node:inspector';
import { createServer, type Socket } from 'node:net';
import { workerData } from 'node:worker_threads';
import type { StackReply, StackThreadData } from './messages.js';

/*
 * A thread of a mount daemon that tells where the main thread is, also while that one runs in circles and answers
 * nothing: the debugger interrupts it between two statements, and lets it go on at once. Names of functions and places
 * in the source are told, never a value.
 */

/** A main thread that runs is interrupted within milliseconds: one that is not waits for something. */
const PAUSE_LIMIT_MS = 1_000;
const MOST_FRAMES = 50;

// Handed over by the thread that starts this one, from the same build.
const { path, root } = workerData as StackThreadData;

function tellStack(socket: Socket): void {
  const session = new Session();
  const places = new Map<string, string>();
  const tell = (reply: StackReply): void => {
    clearTimeout(timer);
    session.disconnect(); // also lets the main thread go on
    socket.end(`${JSON.stringify(reply)}\n`);
  };
  const timer = setTimeout(tell, PAUSE_LIMIT_MS, { waitsMs: PAUSE_LIMIT_MS });
  session.on(
    'Debugger.scriptParsed',
    ({ params }: InspectorNotification<Debugger.ScriptParsedEventDataType>) => {
      places.set(params.scriptId, params.url.replace('file://', '').replace(root, ''));
    },
  );
  session.once('Debugger.paused', ({ params }: InspectorNotification<Debugger.PausedEventDataType>) => {
    tell({ stack: params.callFrames.slice(0, MOST_FRAMES).map((frame) => frameText(frame, places)) });
  });
  session.connectToMainThread();
  session.post('Debugger.enable');
  session.post('Debugger.pause');
}

function frameText(
  { functionName, location }: Debugger.CallFrame,
  places: ReadonlyMap<string, string>,
): string {
  const { scriptId, lineNumber, columnNumber = 0 } = location;
  const name = functionName === '' ? '(anonymous)' : functionName;
  return `${name} (${places.get(scriptId) ?? 'unknown'}:${lineNumber + 1}:${columnNumber + 1})`;
}

rmSync(path, { force: true }); // of a daemon that was killed
createServer((socket) => {
  socket.on('error', () => socket.destroy());
  tellStack(socket);
}).listen(path);
