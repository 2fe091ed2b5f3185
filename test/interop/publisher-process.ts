/** OBS's library in a process of its own, so that a test can kill it: node publisher-process.ts URL KEY. */
import { DatachannelPublisher } from './datachannel-publisher.ts';

const [url = '', key = ''] = process.argv.slice(2);
const publisher = await DatachannelPublisher.start({ url, key });
process.stdout.write('connected\n');
process.once('SIGTERM', () => void publisher.stop().then(() => process.exit(0)));
