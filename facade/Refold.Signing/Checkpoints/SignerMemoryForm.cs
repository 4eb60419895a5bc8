// The bytes of a signer's memory: five lines, of which the last is a checksum over the others.
// Written and read by FileSignerMemory.
using System.Security.Cryptography;

namespace Refold.Signing;

/// <summary>The lines: a header, the origin, the size in decimal, the root in hex, the SHA-256 over those four lines in hex.</summary>
internal static class SignerMemoryForm
{
    public const int Longest = 1 << 16;

    private const string Header = "refold.signer-memory/v1\n";

    private static readonly NoteText Form = new("memory", "memory-damaged", Longest);

    public static byte[] Write(RememberedTree head)
    {
        var text = $"{Header}{head.Origin}\n{NoteText.Number(head.Tree.Size)}\n{head.Tree.Root}\n";
        return NoteText.Utf8.GetBytes(text + Convert.ToHexStringLower(SHA256.HashData(NoteText.Utf8.GetBytes(text))) + "\n");
    }

    /// <summary>What was remembered; null where the bytes are not exactly what was written.</summary>
    public static RememberedTree? TryRead(byte[]? bytes)
    {
        if (bytes is null) return null;
        try
        {
            if (Form.Decode(bytes).Split('\n') is not [_, var origin, var size, var root, _, ""]) return null;
            if (KeyName.FaultOf(origin) is not null || !Hash.TryParse(root, out var hash)) return null;
            var tree = new TreeHead(Form.Decimal(size, ""), hash);
            if (Checkpoint.FaultOf(tree) is not null) return null;
            var head = new RememberedTree(origin, tree);
            return Write(head).AsSpan().SequenceEqual(bytes) ? head : null;
        }
        catch (SigningFormatException)
        {
            return null;
        }
    }
}
