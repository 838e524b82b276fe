// The SIP messages of a call, a column for each leg, in the order of the wire. A message opens to its text.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { get, part, words } from "../../api/client";
import type { Ladder, SipMessage } from "../../api/types";

/** Milliseconds count here. */
function precise(at: string): string {
  return new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 });
}

export function LadderCard({ interaction }: { interaction: string }): JSX.Element {
  const [ladder, setLadder] = useState<Ladder | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [open, setOpen] = useState<number | null>(null);
  useEffect(() => {
    get<Ladder>(`/interactions/${part(interaction)}/ladder`).then(setLadder, (error: unknown) => setProblem(words(error)));
  }, [interaction]);
  if (problem !== null) return <p class="notice bad">{problem}</p>;
  if (ladder === null) return <p class="soft">Loading the messages…</p>;
  const legs = ladder.legs.filter((leg) => leg.kept);
  const gone = ladder.legs.length - legs.length;
  return (
    <>
      {gone > 0 && <p class="soft small">{legs.length === 0 ? "The messages of this call are no longer kept" : `The messages of ${gone} of ${ladder.legs.length} legs are no longer kept`}: the server holds those of the most recent calls, in memory.</p>}
      {legs.length > 0 && (
        <div class="scroll-x" tabIndex={0} role="region" aria-label="SIP messages">
          <table class="ladder">
            <thead>
              <tr>
                <th scope="col">Time</th>
                {legs.map((leg) => (
                  <th key={leg.id} scope="col">
                    {leg.party === "customer" ? "Customer" : leg.party}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {ladder.items.map((message, index) => (
                <tr key={index}>
                  <td class="time soft">{precise(message.at)}</td>
                  {legs.map((leg) => (
                    <td key={leg.id}>{leg.id === message.leg && <Message message={message} open={open === index} onToggle={() => setOpen(open === index ? null : index)} />}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

function Message({ message, open, onToggle }: { message: SipMessage; open: boolean; onToggle: () => void }): JSX.Element {
  return (
    <>
      <button type="button" class="small quiet sip" aria-expanded={open} title={message.sent ? "Sent by us" : "Sent by the party"} onClick={onToggle}>
        <span aria-hidden="true">{message.sent ? "←" : "→"}</span>
        <span class="hidden">{message.sent ? "to the party: " : "from the party: "}</span> {message.title}
        {message.again && <span class="soft"> again</span>}
      </button>
      {open && (
        <pre class="sip-text" tabIndex={0} role="region" aria-label={`Text of ${message.title}`}>
          {message.text}
        </pre>
      )}
    </>
  );
}
