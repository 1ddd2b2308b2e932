import { silentLog } from '../../log/log.js';
import { pacedStore } from '../../transfer/request-rate/pacer.js';
import { copyStores } from './stores.js';

describe('the stores of a copy', () => {
  test('each bucket has one, which HEADs, LISTs and transfers share with its learnt request rate', () => {
    const stores = copyStores({ region: 'us-east-1', forcePathStyle: true, client: 'lean' }, silentLog);
    const store = stores.storeFor('first');
    expect(stores.storeFor('first')).toBe(store);
    expect(stores.storeFor('second')).not.toBe(store);
    // What moves the bytes paces the same store: not once more, and by the same rate.
    expect(pacedStore(store)).toBe(store);
    stores.close();
  });
});
