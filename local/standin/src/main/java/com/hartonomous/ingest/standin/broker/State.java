package com.hartonomous.ingest.standin.broker;

/** The states of a conversation endpoint, by the codes of sys.conversation_endpoints. */
enum State {
  /** Begun, nothing sent. */
  SO,
  /** Conversing. */
  CO,
  /** The other side has ended; this side has not. */
  DI,
  /** This side has ended; the other side has not. */
  DO,
  /** An error ended the conversation; this side has not. */
  ER,
  /** Both sides have ended. */
  CD;

  boolean canSend() {
    return this == SO || this == CO;
  }

  /** This side has ended: nothing is received any more. */
  boolean isEnded() {
    return this == DO || this == CD;
  }
}
