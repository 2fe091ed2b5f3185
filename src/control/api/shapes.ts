/** The shapes that the OpenAPI document calls by name. */
import type * as v from 'valibot';
import {
  appInfo,
  banInfo,
  keyInfo,
  linkInfo,
  personInfo,
  slotInfo,
  tokenInfo,
} from '../../api/access.ts';
import { accountInfo } from '../../api/account.ts';
import { keptEvent } from '../../api/event-log.ts';
import { guestInfo, inviteInfo } from '../../api/guests.ts';
import { check, health, verdict } from '../../api/health.ts';
import { problem, reloadOutcome, serverInfo } from '../../api/server.ts';
import {
  audioInfo,
  clientInfo,
  finding,
  listedStream,
  publisherInfo,
  videoInfo,
  viewerInfo,
} from '../../api/streams.ts';
import { targetInfo } from '../../api/targets.ts';

export const named = {
  Problem: problem,
  ReloadOutcome: reloadOutcome,
  ServerInfo: serverInfo,
  StreamInfo: listedStream,
  PublisherInfo: publisherInfo,
  ViewerInfo: viewerInfo,
  VideoInfo: videoInfo,
  AudioInfo: audioInfo,
  ClientInfo: clientInfo,
  Finding: finding,
  Check: check,
  Verdict: verdict,
  Health: health,
  AppInfo: appInfo,
  SlotInfo: slotInfo,
  KeyInfo: keyInfo,
  LinkInfo: linkInfo,
  InviteInfo: inviteInfo,
  GuestInfo: guestInfo,
  TokenInfo: tokenInfo,
  PersonInfo: personInfo,
  AccountInfo: accountInfo,
  BanInfo: banInfo,
  Event: keptEvent,
  TargetInfo: targetInfo,
} as const satisfies Readonly<Record<string, v.GenericSchema>>;
