// Types that TypeSource wrote from a seed: never edited, written again when the generator changes.
// Tried by TypeFuzz, through the source generator and through reflection.
using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Collections.ObjectModel;
using System.Numerics;
using System.Text.Json.Serialization;

#nullable enable
#pragma warning disable

namespace Refold.Suites.Fuzzed;

public enum FuzzColour { Red = 1, Green, Blue = 7 }

[Flags]
public enum FuzzRights { None, Read, Write, Run = 4 }

public readonly record struct T0(decimal? P0, BigInteger P1, string P2);

public sealed record T1(string? P0, string P1);

public sealed record T2(byte[] P0, FuzzColour P1, KeyValuePair<string, TimeSpan?> P2, T2? Next, List<T2> Others);

public sealed class T3 : List<DateOnly>;

public sealed record T4(FuzzRights P0, DateTime P1);

public struct T5
{
    public ushort P0 { get; set; }
    public ImmutableDictionary<decimal, float> P1 { get; set; }
    public decimal P2 { get; set; }
}

public sealed record T6(SortedSet<int> P0, IReadOnlyDictionary<decimal, Queue<FuzzColour>> P1);

public sealed record T7(uint P0) { public int Computed => 7; }

public record T8(ImmutableSortedDictionary<string, KeyValuePair<string, HashSet<DateTimeOffset>>> P0, BigInteger P1);
public sealed record T8Derived(int More) : T8(P0: default!, P1: default!);

public sealed record T9(Collection<T3> P0, T9? Next, List<T9> Others);

public readonly record struct T10(SortedDictionary<long, List<Guid>> P0, ushort P1);

public sealed class T11
{
    public KeyValuePair<string, IReadOnlyList<Guid>> P0 { get; set; } = default!;
    public FuzzColour P1 { get; set; } = default!;
    public T9 P2 { get; set; } = default!;
}

[JsonPolymorphic(TypeDiscriminatorPropertyName = "zz")]
[JsonDerivedType(typeof(T12A), "a")]
[JsonDerivedType(typeof(T12B), "b")]
public abstract record T12;
public sealed record T12A(List<(int, int)> P0) : T12;
public sealed record T12B(T3 P0, Dictionary<TimeSpan, Int128?> P1, FuzzColour P2, BigInteger P3) : T12;

public sealed record T13(Queue<double> P0, TimeSpan? P1, Dictionary<long, T0?> P2, T13? Next, List<T13> Others);

public sealed record T14(T3 P0);

public sealed record T15(HashSet<DateTimeOffset> P0, sbyte P1, ushort P2, bool P3);

[JsonDerivedType(typeof(T16A), "a")]
[JsonDerivedType(typeof(T16B), "b")]
public abstract record T16;
public sealed record T16A(FuzzColour P0, Dictionary<DateTimeOffset, T7> P1, DateTime P2) : T16;
public sealed record T16B(double P0, T13 P1, T15 P2, Collection<T1> P3) : T16;

public readonly record struct T17(UInt128? P0, DateOnly P1, ulong P2, IReadOnlyDictionary<UInt128, T13> P3);

public sealed record T18(SortedSet<char> P0, Dictionary<long, T0> P1, ConcurrentDictionary<decimal, DateTimeOffset> P2);

[JsonPolymorphic(TypeDiscriminatorPropertyName = "zz")]
[JsonDerivedType(typeof(T19A), "a")]
[JsonDerivedType(typeof(T19B), "b")]
public abstract record T19;
public sealed record T19A(Half P0, BigInteger? P1, T18 P2, LinkedList<byte[]> P3) : T19;
public sealed record T19B(T4? P0) : T19;

public sealed record T20(uint P0, T4 P1);

public sealed record T21(T6 P0, Half? P1, T16 P2, TimeSpan P3) { public int Computed => 7; }

public sealed class T22
{
    public T14 P0 { get; private set; } = default!;
    public BigInteger? P1 { get; private set; } = default!;
}

[JsonPolymorphic(TypeDiscriminatorPropertyName = "zz")]
[JsonDerivedType(typeof(T23A), "a")]
[JsonDerivedType(typeof(T23B), "b")]
public abstract record T23;
public sealed record T23A(FuzzColour P0, ConcurrentDictionary<Guid, int> P1, List<Int128> P2, Queue<KeyValuePair<string, T0>> P3) : T23;
public sealed record T23B(Stack<int> P0) : T23;

public sealed record T24(sbyte? P0, LinkedList<T10> P1);

public sealed class T25 : List<int>;

public sealed record T26(Dictionary<decimal, ImmutableHashSet<FuzzColour>> P0, FuzzColour P1, Collection<sbyte?> P2);

[JsonPolymorphic(TypeDiscriminatorPropertyName = "zz")]
[JsonDerivedType(typeof(T27A), "a")]
[JsonDerivedType(typeof(T27B), "b")]
public abstract record T27;
public sealed record T27A(Guid P0, int P1, DateTimeOffset P2, Int128 P3) : T27;
public sealed record T27B(IReadOnlyList<decimal> P0, ulong? P1, SortedSet<char> P2, T15 P3) : T27;

public sealed class T28(FrozenDictionary<string, T8> p0)
{
    public FrozenDictionary<string, T8> P0 { get; } = p0;
}

public record T29(T11 P0, float P1);
public sealed record T29Derived(int More) : T29(P0: default!, P1: default!);

public sealed record T30(ImmutableList<long> P0, ImmutableQueue<int> P1) { public int Computed => 7; }

public sealed record T31(DateTimeOffset P0);

public sealed class T32(List<char> p0)
{
    public List<char> P0 { get; } = p0;
}

public record T33(FrozenDictionary<decimal, LinkedList<FrozenDictionary<long, char>>> P0, FrozenSet<TimeSpan> P1, ulong P2);
public sealed record T33Derived(int More) : T33(P0: default!, P1: default!, P2: default!);

public sealed record T34(BigInteger P0, short P1);

public record T35
{
    public decimal P0 { get; init; } = default!;
    public ImmutableArray<Half> P1 { get; init; } = default!;
}

public sealed record T36(Int128 P0, SortedSet<short> P1, LinkedList<ulong> P2, T13 P3) { public int Computed => 7; }

public sealed class T37(byte p0, Guid p1, T12 p2, long p3)
{
    public byte P0 { get; } = p0;
    public Guid P1 { get; } = p1;
    public T12 P2 { get; } = p2;
    public long P3 { get; } = p3;
}

public sealed record T38(BigInteger P0) { public int Computed => 7; }

public sealed record T39(short? P0, FrozenDictionary<int, IReadOnlySet<bool>> P1, char P2) { public int Computed => 7; }

[JsonSerializable(typeof(T0))]
[JsonSerializable(typeof(T1))]
[JsonSerializable(typeof(T2))]
[JsonSerializable(typeof(T3))]
[JsonSerializable(typeof(T4))]
[JsonSerializable(typeof(T5))]
[JsonSerializable(typeof(T6))]
[JsonSerializable(typeof(T7))]
[JsonSerializable(typeof(T8))]
[JsonSerializable(typeof(T9))]
[JsonSerializable(typeof(T10))]
[JsonSerializable(typeof(T11))]
[JsonSerializable(typeof(T12))]
[JsonSerializable(typeof(T13))]
[JsonSerializable(typeof(T14))]
[JsonSerializable(typeof(T15))]
[JsonSerializable(typeof(T16))]
[JsonSerializable(typeof(T17))]
[JsonSerializable(typeof(T18))]
[JsonSerializable(typeof(T19))]
[JsonSerializable(typeof(T20))]
[JsonSerializable(typeof(T21))]
[JsonSerializable(typeof(T22))]
[JsonSerializable(typeof(T23))]
[JsonSerializable(typeof(T24))]
[JsonSerializable(typeof(T25))]
[JsonSerializable(typeof(T26))]
[JsonSerializable(typeof(T27))]
[JsonSerializable(typeof(T28))]
[JsonSerializable(typeof(T29))]
[JsonSerializable(typeof(T30))]
[JsonSerializable(typeof(T31))]
[JsonSerializable(typeof(T32))]
[JsonSerializable(typeof(T33))]
[JsonSerializable(typeof(T34))]
[JsonSerializable(typeof(T35))]
[JsonSerializable(typeof(T36))]
[JsonSerializable(typeof(T37))]
[JsonSerializable(typeof(T38))]
[JsonSerializable(typeof(T39))]
internal sealed partial class FuzzedContext : JsonSerializerContext;
