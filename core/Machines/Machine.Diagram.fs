// A machine as the text of a Mermaid state diagram.
// Called by the faces for C# and F#.
namespace Refold.Core

/// Drawing a machine.
[<RequireQualifiedAccess>]
module internal MachineDiagram =

    // A name as it stands in the diagram: the signs that Mermaid reads are written as entities.
    let private shown (name: string) =
        name
        |> String.collect (fun sign ->
            match sign with
            | '"'
            | '#'
            | ':'
            | ';'
            | '<'
            | '>' -> "#" + Numbers.text (int sign) + ";"
            | '\n'
            | '\r' -> " "
            | other -> string<char> other)

    /// The text of the diagram: every state, every transition with event and guard, and which states are left by time.
    let mermaid (machine: StateMachine<'At, 'Step, 'Command, 'Event, 'Decision>) : string =
        let states = StateTable.states machine.Table
        let alias state = "s" + Numbers.text (1 + List.findIndex (fun other -> other = state) states)
        let transitions = StateMachine.transitions machine

        let label (transition: TableTransition) =
            match transition.Guard with
            | Some guard -> shown transition.On + " [" + shown guard + "]"
            | None -> shown transition.On

        [
            "stateDiagram-v2"

            for state in states do
                "    state \"" + shown state + "\" as " + alias state

            "    [*] --> " + alias (machine.StateOf machine.Initial)

            for transition in transitions do
                "    " + alias transition.From + " --> " + alias transition.To + " : " + label transition

            for timeout in machine.Table.Timeouts do
                "    note right of " + alias timeout.In + " : has a deadline"

            for state in states do
                if transitions |> List.forall (fun transition -> transition.From <> state) then
                    "    " + alias state + " --> [*]"
        ]
        |> List.map (fun line -> line + "\n")
        |> String.concat ""
