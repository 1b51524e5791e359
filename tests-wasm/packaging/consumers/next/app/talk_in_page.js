'use client';

import { useEffect } from 'react';
import { WebSocketChannel, statusName } from 'websocket-channel';
import { talk } from '../talk.mjs';

export function Talk() {
  useEffect(() => { talk({ WebSocketChannel, statusName }, new URLSearchParams(location.search).get('peer'), console.log); }, []);
  return null;
}
