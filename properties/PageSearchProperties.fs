// Looking for a page by guessing: the page that halving finds, in few reads where keys are spread evenly, never many more than by halving.
// Run by `dotnet test` and by Program.fs.
module Refold.Properties.PageSearchProperties

open System
open Expecto
open FsCheck.FSharp
open Refold.Core
open Refold.Format
open Refold
open Refold.Properties.Generators

/// Keys in order, some of them equal: spread evenly, in clusters, growing by leaps, or all close together.
let private genKeys =
    gen {
        let! count = Gen.choose (0, 3000)
        let! shape = Gen.choose (0, 3)
        let! seed = Gen.choose (0, 1000000)
        let random = SeededRng.FromSeed(uint64 seed)

        let key index =
            match shape with
            | 0 -> random.NextUInt64()
            | 1 -> (random.NextUInt64() >>> 62 <<< 62) ||| (random.NextUInt64() >>> 40)
            | 2 -> 1UL <<< Sample.between 0 63 random
            // As the ids of version 7, that begin with the time.
            | _ -> 0x0190000000000000UL + (uint64 index <<< 20) + uint64 (Sample.between 0 1000 random)

        return shape, Array.sort (Array.init count key), random
    }

let private rowsOfPage = 16

let private pages (keys: uint64[]) = Array.chunkBySize rowsOfPage keys

/// The place of the lowest key that is not below, by the pages, and how many pages were asked.
let private found (keys: uint64[]) (sought: uint64) =
    let mutable asked = 0
    let all = pages keys

    let ask number =
        asked <- asked + 1
        let page: uint64[] = all[number - 7]

        if page[0] >= sought then Ok(PagePlace.Behind(float page[0]))
        elif page[page.Length - 1] < sought then Ok(PagePlace.Before(float page[page.Length - 1]))
        else Ok PagePlace.Here

    match PageSearch.near 7 all.Length (float sought) (float UInt64.MaxValue) ask with
    | Ok(Some number) ->
        let before = (number - 7) * rowsOfPage
        let inPage = all[number - 7] |> Array.tryFindIndex (fun key -> key >= sought)
        before + defaultArg inPage all[number - 7].Length, asked
    | Ok None -> 0, asked
    | Error error -> failwith $"%A{error}"

let private halvings count = int (ceil (Math.Log2(float (max count 1)))) + 1

[<Tests>]
let tests =
    properties "Format / looking for a page" [
        testProperty
            "guessing finds what looking at every key finds"
            (Prop.forAll (Arb.fromGen genKeys) (fun (_, keys, random) ->
                let sought = [
                    yield! [ 0UL; 1UL; UInt64.MaxValue ]

                    for _ in 1..20 do
                        yield random.NextUInt64()

                        if keys.Length > 0 then
                            yield keys[Sample.between 0 (keys.Length - 1) random]
                ]

                sought
                |> List.iter (fun sought ->
                    let expected = keys |> Array.tryFindIndex (fun key -> key >= sought) |> Option.defaultValue keys.Length
                    let place, asked = found keys sought
                    Expect.equal place expected $"the place of {sought}"
                    Expect.isLessThanOrEqual asked (2 * halvings (pages keys).Length + 2) $"pages asked for {sought}")))

        testProperty
            "keys that are spread evenly take two or three pages"
            (Prop.forAll (Arb.fromGen genKeys) (fun (shape, keys, random) ->
                if shape = 0 && keys.Length > 500 then
                    let asked =
                        List.init 100 (fun _ -> found keys keys[Sample.between 0 (keys.Length - 1) random] |> snd |> float)

                    Expect.isLessThan (List.average asked) 3.5 "pages asked"))
    ]
