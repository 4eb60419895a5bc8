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
            ]
