// Signing in. After it one is back where one was.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { expired, signIn, words } from "../api/client";
import { Brand } from "../shell";
import { Refusal } from "../ui/refusal";

export function SignIn(): JSX.Element {
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const login = useRef<HTMLInputElement>(null);
  const password = useRef<HTMLInputElement>(null);
  useEffect(() => {
    document.title = "Sign in · Cordboard";
    login.current?.focus();
  }, []);
  const submit = (event: Event): void => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    signIn(login.current?.value.trim() ?? "", password.current?.value ?? "").catch((error: unknown) => {
      setProblem(words(error));
      setBusy(false);
      password.current?.select();
    });
  };
  return (
    <main class="signin">
      <form class="card" onSubmit={submit}>
        <Brand />
        <h1>Sign in</h1>
        {expired.value && problem === null && (
          <p class="notice warn" role="status">
            Your session has ended. Sign in again and you are back where you were.
          </p>
        )}
        <Refusal words={problem} />
        <label>
          Log-in name
          <input ref={login} name="login" autoComplete="username" autoCapitalize="none" spellcheck={false} required />
        </label>
        <label>
          Password
          <input ref={password} name="password" type="password" autoComplete="current-password" required />
        </label>
        <button class="primary" type="submit" disabled={busy}>
          {busy ? "Signing in…" : "Sign in"}
        </button>
      </form>
    </main>
  );
}
