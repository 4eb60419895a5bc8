// One signature line of a note: whose it says it is, and its bytes.
// Part of SignedNote; made by signers, and by witnesses elsewhere.
using System.Buffers.Binary;

namespace Refold.Signing;

/// <summary>A signature line of a note: <c>— NAME BASE64(key id | signature)</c>. Whether it is right says
/// <see cref="SignedNote.Verify"/>.</summary>
public sealed class NoteSignature : IEquatable<NoteSignature>
{
    private const string Dash = "— ";

    private readonly byte[] signature;

    /// <summary>Makes one of what a signer gave.</summary>
    /// <param name="name">The name of the key: not empty, no white space, no plus, no control character.</param>
    /// <param name="keyId">The key id (<see cref="VerifierKey.KeyId"/>).</param>
    /// <param name="signature">The bytes behind the key id, at least one; for a cosignature with its time.</param>
    public NoteSignature(string name, uint keyId, ReadOnlySpan<byte> signature)
    {
        KeyName.Require(name, nameof(name));
        if (signature.IsEmpty) throw new ArgumentException("A signature has bytes.", nameof(signature));
        (Name, KeyId, this.signature) = (name, keyId, signature.ToArray());
    }

    /// <summary>The name of the key.</summary>
    public string Name { get; }

    /// <summary>The key id.</summary>
    public uint KeyId { get; }

    /// <summary>The bytes behind the key id.</summary>
    public ReadOnlyMemory<byte> Signature => signature;

    /// <summary>Whether name, key id and bytes are the same.</summary>
    /// <param name="other">The other one.</param>
    public bool Equals(NoteSignature? other) =>
        other is not null && Name == other.Name && KeyId == other.KeyId && signature.AsSpan().SequenceEqual(other.signature);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as NoteSignature);

    /// <inheritdoc/>
    public override int GetHashCode() => unchecked((int)KeyId);

    /// <summary>The line, without its newline.</summary>
    public override string ToString()
    {
        var payload = new byte[4 + signature.Length];
        BinaryPrimitives.WriteUInt32BigEndian(payload, KeyId);
        signature.CopyTo(payload, 4);
        return $"{Dash}{Name} {Convert.ToBase64String(payload)}";
    }

    internal static NoteSignature Parse(NoteText form, string line, int number)
    {
        var what = $"line {NoteText.Number(number)}";
        if (!line.StartsWith(Dash, StringComparison.Ordinal))
            throw form.Malformed($"{what} is no signature line: those begin with an em dash (U+2014) and a space");
        var space = line.IndexOf(' ', Dash.Length);
        if (space < 0) throw form.Malformed($"{what} has no signature behind the name");
        var name = line[Dash.Length..space];
        if (KeyName.FaultOf(name) is { } fault) throw form.Malformed($"{what} has a name that {fault}");
        var payload = form.Base64(line[(space + 1)..], $"the signature in {what}");
        if (payload.Length < 5) throw form.Malformed($"{what} has a signature of {NoteText.Number(payload.Length)} bytes");
        return new NoteSignature(name, BinaryPrimitives.ReadUInt32BigEndian(payload), payload.AsSpan(4));
    }
}
