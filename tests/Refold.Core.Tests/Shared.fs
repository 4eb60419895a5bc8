// The directory of vectors and data that lies beside the repository's root, where there is one.
// Called by tests that check against it; without it they say so and pass.
module Refold.Core.Tests.Shared

open System.IO
open System.Reflection
open Xunit.Abstractions

/// The repository's root, where the tests run inside it.
let root =
    let rec up (directory: DirectoryInfo | null) =
        match directory with
        | null -> None
        | directory when File.Exists(Path.Combine(directory.FullName, "Functional.sln")) -> Some directory
        | directory -> up directory.Parent

    up (DirectoryInfo(nonNull (Path.GetDirectoryName(Assembly.GetExecutingAssembly().Location))))

/// The full path of a file or directory in `../shared`; where it is not there, one line says so.
let tryPath (output: ITestOutputHelper) (relative: string) : string option =
    let candidate =
        root
        |> Option.bind (fun root -> Option.ofObj root.Parent)
        |> Option.map (fun parent -> Path.Combine(parent.FullName, "shared", relative))

    match candidate with
    | Some path when Path.Exists path -> Some path
    | _ ->
        output.WriteLine("skipped: ../shared/" + relative + " is not there")
        None
