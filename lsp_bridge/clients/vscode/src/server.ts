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
import { type Settings, UnusableSetting, commandLine, needsTrust } from "./settings";
import type { Event } from "./status";

export const KEY = "fastapply.key";

/** Documents that have text here: files, and buffers that were never saved. */
export const SCHEMES = ["file", "untitled"];

/** The program can't be started; the message says why and what helps, for people. */
export class CannotStart extends Error {}

export class Server implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private starting: Promise<LanguageClient> | undefined;

  constructor(
    private readonly secrets: vscode.SecretStorage,
    private readonly log: vscode.LogOutputChannel,
    private readonly tell: (event: Event) => void,
  ) {}

  /** The client of a running server, which is started if need be. Throws `CannotStart`. */
  running(): Promise<LanguageClient> {
    this.starting ??= this.start().catch((error: unknown) => {
      this.starting = undefined;
      this.tell({ kind: "broken", why: wordsOf(error) });
      throw error;
    });
    return this.starting;
  }

  /** What the server's `command` gives for `argument`. */
  async ask<T>(command: string, argument: object, token: vscode.CancellationToken): Promise<T> {
    const client = await this.running();
    return client.sendRequest(ExecuteCommandRequest.type, { command, arguments: [argument] }, token) as Promise<T>;
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.running();
  }

  async stop(): Promise<void> {
    const client = await this.starting?.catch(() => undefined);
    this.starting = this.client = undefined;
    await client?.dispose();
    this.tell({ kind: "stopped" });
  }

  dispose(): Promise<void> {
    return this.stop();
  }

  private async start(): Promise<LanguageClient> {
    this.tell({ kind: "starting" });
    const executable = await this.executable();
    this.log.info(`Starting ${[executable.command, ...(executable.args ?? [])].join(" ")}`);
    const client = new LanguageClient("fastapply", "FastApply", executable, {
      documentSelector: SCHEMES.map((scheme) => ({ scheme })),
      outputChannel: this.log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      // Failures are told once, by whoever asked.
      initializationFailedHandler: () => false,
    });
    this.client = client;
    client.onDidChangeState(({ newState }) => this.changed(client, newState));
    await client.start();
    return client;
  }

  /** The client starts a server that ended again, some times; this is how it is seen. */
  private changed(client: LanguageClient, state: State): void {
    if (client !== this.client) return;
    if (state === State.Running) this.tell({ kind: "started" });
    if (state === State.Starting) this.tell({ kind: "starting" });
    if (state === State.Stopped) this.tell({ kind: "broken", why: "the program ended" });
  }

  private async executable(): Promise<Executable> {
    const settings = readSettings();
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
