// Files that are part of a test assembly: golden files, and vectors that others published.
// Called by the F# tests. A file that is not there fails the test that reads it.
module Refold.Support.Resources

open System.IO
open System.Reflection

/// The names of the embedded files that begin with the prefix, without it.
let names (prefix: string) : string list =
    Assembly.GetExecutingAssembly().GetManifestResourceNames()
    |> Array.filter (fun name -> name.StartsWith(prefix, System.StringComparison.Ordinal))
    |> Array.map (fun name -> name.Substring prefix.Length)
    |> List.ofArray

/// The bytes of an embedded file.
let bytes (name: string) : byte[] =
    match Assembly.GetExecutingAssembly().GetManifestResourceStream name with
    | null -> invalidOp $"{name} is not there"
    | stream ->
        use stream = stream
        use copy = new MemoryStream()
        stream.CopyTo copy
        copy.ToArray()

/// The text of an embedded file in UTF-8.
let text (name: string) : string = System.Text.Encoding.UTF8.GetString(bytes name)
