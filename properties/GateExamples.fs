// The F# code of facade/docs/gates.md as it stands there: two gates before an order, in memory.
// Run by `dotnet test` and by Program.fs; that the page shows this very code is tested by Refold.Tests.
namespace Refold.Properties

open System
open Expecto
open Refold
open Refold.Core

module Ordering =

    type Asked = { Quantity: int; InStock: int }

    let stock =
        Gate.create "stock" "no more than there is" (fun asked ->
            if asked.Quantity <= asked.InStock then
                Ok()
            else
                Error(GateDenial("stock", "TOO_MANY", "there is less").With("inStock", string asked.InStock)))

    let orders = GateSet.empty "orders" |> GateSet.add stock

    let place (asked: Asked) (request: AppendRequest) (journal: Journal) =
        Append.encode request
        |> Result.bind (fun batch ->
            match GateSet.evaluateAll asked batch orders with
            | Ok pass -> GateSet.append orders (Some pass) request journal
            | Error trace -> GateSet.recordDenial trace journal)

module Guarding =

    let small =
        Gate.create "size" "no payload above a page" (fun (batch: EncodedBatch) ->
            if Seq.forall (fun index -> (batch.Payload index).Length <= 4096) (seq { 0 .. batch.Count - 1 }) then
                Ok()
            else
                Error(GateDenial("size", "TOO_LARGE", "a payload is above 4096 bytes")))

    let guarded = JournalOptions(RequiredGates = (GateSet.empty "house" |> GateSet.add small))

module GateExamples =

    open Ordering

    [<Tests>]
    let tests =
        testList
            "Gates / in F#"
            [
                testCase "what is there is placed, and what is not is told" (fun () ->
                    let request =
                        Append.request
                            [
                                EntryData.create (StreamId.Create "order/1") Role.Fact "placed" (Bytes.OfText "{}")
                            ]

                    let streams answer =
                        match answer with
                        | Ok(_, journal) -> [ for entry in Journal.readAll 1L 10 journal -> entry.Data.Stream.Value ]
                        | Error error -> failtest (string error)

                    Expect.equal (streams (place { Quantity = 2; InStock = 2 } request Journal.empty)) [ "order/1" ] "placed"
                    Expect.equal (streams (place { Quantity = 3; InStock = 2 } request Journal.empty)) [ "$gates/orders" ] "denied")

                testCase "a journal demands gates of every append, of a run from F# too" (fun () ->
                    let run (work: System.Threading.Tasks.Task<'T>) = work.GetAwaiter().GetResult()
                    let journal = run (Refold.FSharp.Journal.openWith Guarding.guarded "memory:")

                    let append size =
                        let entry = Refold.EntryData(StreamId.Create "a", "t", ReadOnlyMemory(Array.zeroCreate<byte> size))
                        run (journal.TryAppendAsync(Refold.AppendRequest [| entry |]).AsTask())

                    Expect.isTrue (append 4096 :? AppendResult.Appended) "a page"

                    match append 4097 with
                    | :? AppendResult.NotAppended as refused -> Expect.stringContains (string refused.Failure) "house denied" "denied"
                    | answer -> failtest (string answer)

                    let saying =
                        Aggregate.create
                            "saying"
                            {
                                Initial = 0
                                Decide = (fun _ _ (text: string) -> Ok [ text ])
                                Evolve = (fun count _ -> count + 1)
                            }
                            (Codec.json<string> "say")
                            (Codec.json<string> "said")
                            (Codec.json<string> "refused")

                    let running = run (Refold.FSharp.Run.start (RunPin("says", "examples", "1.0", 42UL)) journal)
                    let say (text: string) = running |> Refold.FSharp.Run.execute saying "saying/1" text |> run
                    Expect.throwsT<NotAppendedException> (fun () -> say (String('x', 5000)) |> ignore<Result<_, _>>) "a large one"

                    match say "x" with
                    | Ok accepted -> Expect.equal accepted.Version 1L "as if the large one had not been given"
                    | Error error -> failtest (string error)

                    running.DisposeAsync().AsTask().GetAwaiter().GetResult()
                    journal.DisposeAsync().AsTask().GetAwaiter().GetResult())
            ]
