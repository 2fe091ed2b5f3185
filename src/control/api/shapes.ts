/** The shapes that the OpenAPI document calls by name. */
import type * as v from 'valibot';
import { problem, serverInfo } from '../../api/server.ts';
import {
  audioInfo,
  finding,
  publisherInfo,
  streamInfo,
  videoInfo,
  viewerInfo,
} from '../../api/streams.ts';

export const named = {
  Problem: problem,
  ServerInfo: serverInfo,
  StreamInfo: streamInfo,
  PublisherInfo: publisherInfo,
  ViewerInfo: viewerInfo,
  VideoInfo: videoInfo,
  AudioInfo: audioInfo,
  Finding: finding,
} as const satisfies Readonly<Record<string, v.GenericSchema>>;
