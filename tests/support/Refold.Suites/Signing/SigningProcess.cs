// The process that signs one batch more each time until it is killed, and says on standard output what it signed.
// Started as `dotnet Refold.Suites.dll sign MEMORY HISTORY` by the tests of the signer's memory.
using System.Diagnostics;
using Refold.Signing;

namespace Refold.Suites;

internal static class SigningProcess
{
    /// <summary>The first argument of the process.</summary>
    public const string Verb = "sign";

    /// <summary>The origin it signs under.</summary>
    public const string Origin = "refold.example/killed";

    /// <summary>How many batches its history has.</summary>
    public const int Batches = 4000;

    /// <summary>Its key: every process has the same one.</summary>
    public static Ed25519SigningKey Key() => Ed25519SigningKey.FromSeed(Origin, new byte[32]);

    /// <summary>The tree of a history at a size.</summary>
    public static TreeHead At(ReadOnlySpan<Hash> leaves, long size) => TreeOfLeaves.Head(leaves[..(int)size]);

    public static Process Start(string memory, string history) =>
        Process.Start(new ProcessStartInfo("dotnet", [Program.Assembly, Verb, memory, history]) { RedirectStandardOutput = true })!;

    public static async Task<int> RunAsync(string memory, string history)
    {
        var leaves = TreeOfLeaves.Leaves(Batches, history);
        try
        {
            using var key = Key();
            using var file = FileSignerMemory.Open(memory);
            var signer = new CheckpointSigner(key, file);
            for (var size = (await file.ReadAsync()).Tree.Size + 1; size <= Batches; size++)
            {
                var signed = await signer.SignAsync(
                    At(leaves, size),
                    (from, to, _) => ValueTask.FromResult(TreeOfLeaves.Consistency(leaves.AsSpan(0, (int)to), (int)from)));
                Console.WriteLine(Convert.ToBase64String(signed.ToArray()));
            }

            return 0;
        }
        catch (SigningRefusedException exception)
        {
            Console.WriteLine(exception.Code);
            return 1;
        }
    }
}
