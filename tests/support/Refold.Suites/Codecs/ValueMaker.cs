// Random values of any type: edges of numbers, comparers, nulls, halves of surrogate pairs, derived types.
// Called by TypeFuzz.
using System.Collections;
using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Collections.ObjectModel;
using System.Globalization;
using System.Numerics;
using System.Reflection;
using System.Text.Json;

namespace Refold.Suites;

internal sealed class ValueMaker(Random random)
{
    private const int Depth = 4;

    /// <summary>A value; null where none can be made.</summary>
    public object? Make(Type type, int depth = 0)
    {
        if (Nullable.GetUnderlyingType(type) is { } underlying) return Chance(300) ? null : Make(underlying, depth);
        if (!type.IsValueType && depth > 0 && Chance(2)) return null;
        if (Scalar(type) is { } scalar) return scalar;
        if (type.IsEnum) return Enum.ToObject(type, Chance(3) ? random.Next(-9, 99) : OneOf(Enum.GetValuesAsUnderlyingType(type)));
        if (type.IsArray) return Array(type.GetElementType()!, depth);
        if (type == typeof(Memory<byte>)) return new Memory<byte>((byte[])Make(typeof(byte[]))!);
        if (typeof(IEnumerable).IsAssignableFrom(type)) return Collection(type, depth);
        if (typeof(Delegate).IsAssignableFrom(type) || type.IsInterface) return null;
        return Instance(type, depth);
    }

    private object OneOf(Array values) => values.GetValue(random.Next(values.Length))!;

    private bool Chance(int thousandths) => random.Next(1000) < thousandths;

    private Array Array(Type element, int depth)
    {
        var items = System.Array.CreateInstance(element, depth >= Depth ? 0 : random.Next(4));
        for (var index = 0; index < items.Length; index++) items.SetValue(Make(element, depth + 1), index);
        return items;
    }

    private object? Collection(Type type, int depth)
    {
        if (!type.IsGenericType)
        {
            // A class derived from a list.
            var list = (IList)Activator.CreateInstance(type)!;
            foreach (var item in Array(type.BaseType!.GetGenericArguments()[0], depth)) list.Add(item);
            return list;
        }

        var arguments = type.GetGenericArguments();
        var method = arguments.Length == 2 ? nameof(Map) : nameof(Sequence);
        return GetType().GetMethod(method, BindingFlags.Instance | BindingFlags.NonPublic)!.MakeGenericMethod(arguments)
            .Invoke(this, [type.GetGenericTypeDefinition(), depth]);
    }

    private IEqualityComparer<T>? Equality<T>() =>
        typeof(T) == typeof(string) && Chance(60)
            ? (IEqualityComparer<T>)(Chance(500) ? StringComparer.Ordinal : StringComparer.OrdinalIgnoreCase)
            : null;

    private IComparer<T>? Order<T>() => Chance(30) ? Comparer<T>.Create((left, right) => Comparer<T>.Default.Compare(right, left)) : null;

    private object? Sequence<T>(Type open, int depth)
    {
        var items = (T[])Array(typeof(T), depth);
        if (open == typeof(ImmutableArray<>)) return ImmutableArray.Create(items);
        if (open == typeof(ImmutableList<>)) return ImmutableList.Create(items);
        if (open == typeof(ImmutableQueue<>)) return ImmutableQueue.Create(items);
        if (open == typeof(IReadOnlyList<>) || open == typeof(IEnumerable<>)) return Chance(500) ? items : items.ToList();
        if (open == typeof(HashSet<>) || open == typeof(IReadOnlySet<>)) return new HashSet<T>(items, Equality<T>());
        if (open == typeof(SortedSet<>)) return new SortedSet<T>(items.Where(item => item is not null), Order<T>());
        if (open == typeof(ImmutableHashSet<>)) return ImmutableHashSet.Create(Equality<T>(), items);
        if (open == typeof(FrozenSet<>)) return items.ToFrozenSet(Equality<T>());
        // A Collection would stand over the array, which does not grow.
        return Activator.CreateInstance(open.MakeGenericType(typeof(T)), open == typeof(Collection<>) ? items.ToList() : items);
    }

    private object? Map<TKey, TValue>(Type open, int depth)
        where TKey : notnull
    {
        if (open == typeof(KeyValuePair<,>)) return null;
        var items = new Dictionary<TKey, TValue>(Equality<TKey>());
        for (var count = depth >= Depth ? 0 : random.Next(4); count > 0; count--)
            if (Make(typeof(TKey), depth + 1) is { } key) items[(TKey)key] = (TValue)Make(typeof(TValue), depth + 1)!;
        if (open == typeof(Dictionary<,>) || open == typeof(IReadOnlyDictionary<,>)) return items;
        if (open == typeof(SortedDictionary<,>)) return new SortedDictionary<TKey, TValue>(items, Order<TKey>());
        if (open == typeof(ImmutableDictionary<,>)) return items.ToImmutableDictionary(Equality<TKey>());
        if (open == typeof(ImmutableSortedDictionary<,>)) return items.ToImmutableSortedDictionary(Order<TKey>());
        if (open == typeof(FrozenDictionary<,>)) return items.ToFrozenDictionary(items.Comparer);
        if (open == typeof(ConcurrentDictionary<,>)) return new ConcurrentDictionary<TKey, TValue>(items);
        return Activator.CreateInstance(open.MakeGenericType(typeof(TKey), typeof(TValue)), items);
    }

    private object? Instance(Type type, int depth)
    {
        var derived = type.Assembly == typeof(object).Assembly ? []
            : type.Assembly.GetTypes().Where(candidate => candidate.BaseType == type).ToArray();
        if (type.IsAbstract || (derived.Length > 0 && Chance(200))) return Make(derived[random.Next(derived.Length)], depth);
        var constructor = type.GetConstructors().MaxBy(candidate => candidate.GetParameters().Length);
        var parameters = constructor?.GetParameters() ?? [];
        var value = constructor is null ? Activator.CreateInstance(type)
            : constructor.Invoke([.. parameters.Select(parameter => Part(parameter.ParameterType, type, depth))]);
        if (parameters.Length == 0)
            foreach (var property in type.GetProperties().Where(property => property.SetMethod is not null))
                property.SetValue(value, Part(property.PropertyType, type, depth));
        foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public).Where(field => !field.IsInitOnly))
            field.SetValue(value, Part(field.FieldType, type, depth));
        return value;
    }

    // A type within itself ends by null.
    private object? Part(Type type, Type owner, int depth) =>
        type == owner && (depth >= Depth || Chance(500)) ? null : Make(type, depth + 1);

    private object? Scalar(Type type)
    {
        var number = random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64);
        if (type == typeof(bool)) return Chance(500);
        if (type == typeof(string)) return Text();
        if (type == typeof(char)) return (char)(Chance(5) ? 0xd800 : random.Next(0x20, 0xd7ff));
        if (type == typeof(decimal))
            return new decimal(unchecked((int)number), random.Next(), random.Next(99), Chance(500), (byte)random.Next(29));
        if (type == typeof(double))
            return random.Next(6) switch
            {
                0 => -0.0,
                1 => double.NaN,
                2 => number,
                3 => number * 1e200,
                _ => BitConverter.Int64BitsToDouble(number),
            };
        if (type == typeof(float)) return BitConverter.Int32BitsToSingle(unchecked((int)number));
        if (type == typeof(Half)) return BitConverter.Int16BitsToHalf(unchecked((short)number));
        if (type == typeof(Guid)) return new Guid(unchecked((int)number), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
        if (type == typeof(DateTime))
            return new DateTime(Ticks(), Chance(10) ? DateTimeKind.Local : Chance(500) ? DateTimeKind.Utc : DateTimeKind.Unspecified);
        if (type == typeof(DateTimeOffset)) return new DateTimeOffset(Ticks(), TimeSpan.FromMinutes(random.Next(-840, 841)));
        if (type == typeof(DateOnly)) return DateOnly.FromDayNumber(random.Next(3652058));
        if (type == typeof(TimeOnly)) return new TimeOnly(random.NextInt64(864000000000));
        if (type == typeof(TimeSpan)) return new TimeSpan(number);
        if (type == typeof(Int128)) return new Int128((ulong)random.NextInt64(), unchecked((ulong)number));
        if (type == typeof(UInt128)) return new UInt128(unchecked((ulong)number), (ulong)random.NextInt64());
        if (type == typeof(BigInteger)) return BigInteger.Pow(number, random.Next(4));
        if (type == typeof(Vector2)) return new Vector2(1, 2);
        if (type == typeof(Complex)) return new Complex(1, 2);
        if (type == typeof(JsonElement)) return JsonSerializer.SerializeToElement(1.10m);
        if (type == typeof(object)) return number;
        return type.IsPrimitive ? Primitive(type, number) : null;
    }

    private static object Primitive(Type type, long number) => Type.GetTypeCode(type) switch
    {
        TypeCode.Byte => unchecked((byte)number),
        TypeCode.SByte => unchecked((sbyte)number),
        TypeCode.Int16 => unchecked((short)number),
        TypeCode.UInt16 => unchecked((ushort)number),
        TypeCode.Int32 => unchecked((int)number),
        TypeCode.UInt32 => unchecked((uint)number),
        TypeCode.UInt64 => unchecked((ulong)number),
        _ => number,
    };

    private long Ticks() => random.NextInt64(DateTime.MinValue.Ticks + 864000000000, DateTime.MaxValue.Ticks - 864000000000);

    private string Text() => random.Next(200) == 0 ? "\udc00x" : random.Next(5) switch
    {
        0 => "",
        1 => "\u20ac \"\\/\n\U0001F600\u2028<&>'\u0000",
        2 => "Ii\u0131\u0130",
        _ => "t" + random.Next(1000).ToString(CultureInfo.InvariantCulture),
    };
}
