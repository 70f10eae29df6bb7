/** The process `fastapply lsp`: found, started, watched, asked. */

import { accessSync, constants, statSync } from "node:fs";
import { homedir } from "node:os";
import {
  type Executable,
  ExecuteCommandRequest,
  LanguageClient,
  RevealOutputChannelOn,
  State,
  TransportKind,
} from "vscode-languageclient/node";
import * as vscode from "vscode";
import { findProgram } from "./program";
import { type Settings, UnusableSetting, commandLine, initializationOptions, needsTrust } from "./settings";
import type { Event } from "./status";

export const KEY = "fastapply.key";

/** Documents that have text here: files, and buffers that were never saved. */
export const SCHEMES = ["file", "untitled"];

/** The program can't be started; the message says why and what helps, for people. */
export class CannotStart extends Error {}

export class Server implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private watching: vscode.Disposable | undefined;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly secrets: vscode.SecretStorage,
    private readonly log: vscode.LogOutputChannel,
    private readonly tell: (event: Event) => void,
  ) {}

  /** The client of a running server, which is started if need be. Throws `CannotStart` and what starting it throws. */
  running(): Promise<LanguageClient> {
    return this.inTurn(() => this.ensure());
  }

  /** What the server's `command` gives for `argument`. */
  async ask<T>(command: string, argument: object, token: vscode.CancellationToken): Promise<T> {
    const client = await this.running();
    return client.sendRequest(ExecuteCommandRequest.type, { command, arguments: [argument] }, token) as Promise<T>;
  }

  restart(): Promise<LanguageClient> {
    return this.inTurn(async () => {
      await this.end();
      return this.ensure();
    });
  }

  stop(): Promise<void> {
    return this.inTurn(() => this.end());
  }

  dispose(): Promise<void> {
    return this.stop();
  }

  /** Starts and ends one after the other: two servers at once would register the same commands. */
  private inTurn<T>(what: () => Promise<T>): Promise<T> {
    const result = this.turn.then(what);
    this.turn = result.catch(() => undefined);
    return result;
  }

  private async ensure(): Promise<LanguageClient> {
    // A server that ended is started again by its client, but not for ever; then by whoever asks.
    if (this.client && this.client.state !== State.Stopped) return this.client;
    await this.end();
    try {
      return await this.start();
    } catch (error) {
      await this.end();
      this.tell({ kind: "broken", why: wordsOf(error) });
      throw error;
    }
  }

  private async start(): Promise<LanguageClient> {
    this.tell({ kind: "starting" });
    const settings = readSettings();
    const executable = await this.executable(settings);
    this.log.info(`Starting ${[executable.command, ...(executable.args ?? [])].join(" ")}`);
    this.client = new LanguageClient("fastapply", "FastApply", executable, {
      documentSelector: SCHEMES.map((scheme) => ({ scheme })),
      initializationOptions: initializationOptions(settings),
      outputChannel: this.log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      // Failures are told once, by whoever asked.
      initializationFailedHandler: () => false,
    });
    this.watching = this.client.onDidChangeState(({ newState }) => this.changed(newState));
    await this.client.start();
    return this.client;
  }

  private async end(): Promise<void> {
    const client = this.client;
    this.watching?.dispose();
    this.client = this.watching = undefined;
    // One that never ran can't be stopped, and says so.
    await client?.dispose().catch((error: unknown) => this.log.info(wordsOf(error)));
    this.tell({ kind: "stopped" });
  }

  private changed(state: State): void {
    if (state === State.Running) this.tell({ kind: "started" });
    if (state === State.Starting) this.tell({ kind: "starting" });
    if (state === State.Stopped) this.tell({ kind: "broken", why: "the program ended" });
  }

  private async executable(settings: Settings): Promise<Executable> {
    if (needsTrust(settings) && !vscode.workspace.isTrusted) {
      throw new CannotStart("The settings name a program in this folder, which you have not trusted.");
    }
    const line = commandLine(settings, await this.secrets.get(KEY), {
      folder: vscode.workspace.workspaceFolders?.[0]?.uri.fsPath,
      home: homedir(),
    });
    const program = findProgram(line.program, { platform: process.platform, env: process.env, isExecutable });
    if (!program) throw new CannotStart(`There is no program “${line.program}”. Install FastApply, or say where it is.`);
    const options = { env: { ...process.env, ...line.env } };
    return { command: program, args: [...line.args], transport: TransportKind.stdio, options };
  }
}

function readSettings(): Settings {
  const from = vscode.workspace.getConfiguration("fastapply");
  return {
    path: from.get("server.path", "fastapply"),
    args: from.get("server.args", ["lsp"]),
    url: from.get("server.url", ""),
    warmUp: from.get("warmUp", false),
    diagnostics: from.get("diagnostics", true),
  };
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** What a failure says to a person. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Is it one that a setting or an installation mends? */
export function isSetUp(error: unknown): boolean {
  return error instanceof CannotStart || error instanceof UnusableSetting;
}
