impl serde::Serialize for Cause {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.order_id.is_empty() {
            len += 1;
        }
        if !self.user_id.is_empty() {
            len += 1;
        }
        if self.order_sequence != 0 {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.inventory.v1.Cause", len)?;
        if !self.order_id.is_empty() {
            struct_ser.serialize_field("orderId", &self.order_id)?;
        }
        if !self.user_id.is_empty() {
            struct_ser.serialize_field("userId", &self.user_id)?;
        }
        if self.order_sequence != 0 {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("orderSequence", ToString::to_string(&self.order_sequence).as_str())?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for Cause {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "order_id",
            "orderId",
            "user_id",
            "userId",
            "order_sequence",
            "orderSequence",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            OrderId,
            UserId,
            OrderSequence,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "orderId" | "order_id" => Ok(GeneratedField::OrderId),
                            "userId" | "user_id" => Ok(GeneratedField::UserId),
                            "orderSequence" | "order_sequence" => Ok(GeneratedField::OrderSequence),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = Cause;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.inventory.v1.Cause")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<Cause, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut order_id__ = None;
                let mut user_id__ = None;
                let mut order_sequence__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::OrderId => {
                            if order_id__.is_some() {
                                return Err(serde::de::Error::duplicate_field("orderId"));
                            }
                            order_id__ = Some(map_.next_value()?);
                        }
                        GeneratedField::UserId => {
                            if user_id__.is_some() {
                                return Err(serde::de::Error::duplicate_field("userId"));
                            }
                            user_id__ = Some(map_.next_value()?);
                        }
                        GeneratedField::OrderSequence => {
                            if order_sequence__.is_some() {
                                return Err(serde::de::Error::duplicate_field("orderSequence"));
                            }
                            order_sequence__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(Cause {
                    order_id: order_id__.unwrap_or_default(),
                    user_id: user_id__.unwrap_or_default(),
                    order_sequence: order_sequence__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("holdfast.inventory.v1.Cause", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for Committed {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.cause.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.inventory.v1.Committed", len)?;
        if let Some(v) = self.cause.as_ref() {
            struct_ser.serialize_field("cause", v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for Committed {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "cause",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Cause,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "cause" => Ok(GeneratedField::Cause),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = Committed;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.inventory.v1.Committed")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<Committed, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut cause__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Cause => {
                            if cause__.is_some() {
                                return Err(serde::de::Error::duplicate_field("cause"));
                            }
                            cause__ = map_.next_value()?;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(Committed {
                    cause: cause__,
                })
            }
        }
        deserializer.deserialize_struct("holdfast.inventory.v1.Committed", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for InventoryBatch {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.time.is_some() {
            len += 1;
        }
        if self.orders_sequence != 0 {
            len += 1;
        }
        if !self.decisions.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.inventory.v1.InventoryBatch", len)?;
        if let Some(v) = self.time.as_ref() {
            struct_ser.serialize_field("time", v)?;
        }
        if self.orders_sequence != 0 {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("ordersSequence", ToString::to_string(&self.orders_sequence).as_str())?;
        }
        if !self.decisions.is_empty() {
            struct_ser.serialize_field("decisions", &self.decisions)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for InventoryBatch {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "time",
            "orders_sequence",
            "ordersSequence",
            "decisions",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Time,
            OrdersSequence,
            Decisions,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "time" => Ok(GeneratedField::Time),
                            "ordersSequence" | "orders_sequence" => Ok(GeneratedField::OrdersSequence),
                            "decisions" => Ok(GeneratedField::Decisions),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = InventoryBatch;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.inventory.v1.InventoryBatch")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<InventoryBatch, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut time__ = None;
                let mut orders_sequence__ = None;
                let mut decisions__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Time => {
                            if time__.is_some() {
                                return Err(serde::de::Error::duplicate_field("time"));
                            }
                            time__ = map_.next_value()?;
                        }
                        GeneratedField::OrdersSequence => {
                            if orders_sequence__.is_some() {
                                return Err(serde::de::Error::duplicate_field("ordersSequence"));
                            }
                            orders_sequence__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::Decisions => {
                            if decisions__.is_some() {
                                return Err(serde::de::Error::duplicate_field("decisions"));
                            }
                            decisions__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(InventoryBatch {
                    time: time__,
                    orders_sequence: orders_sequence__.unwrap_or_default(),
                    decisions: decisions__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("holdfast.inventory.v1.InventoryBatch", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for InventoryDecision {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.decision.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.inventory.v1.InventoryDecision", len)?;
        if let Some(v) = self.decision.as_ref() {
            match v {
                inventory_decision::Decision::Reserved(v) => {
                    struct_ser.serialize_field("reserved", v)?;
                }
                inventory_decision::Decision::NotAvailable(v) => {
                    struct_ser.serialize_field("notAvailable", v)?;
                }
                inventory_decision::Decision::Released(v) => {
                    struct_ser.serialize_field("released", v)?;
                }
                inventory_decision::Decision::Committed(v) => {
                    struct_ser.serialize_field("committed", v)?;
                }
                inventory_decision::Decision::Received(v) => {
                    struct_ser.serialize_field("received", v)?;
                }
            }
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for InventoryDecision {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "reserved",
            "not_available",
            "notAvailable",
            "released",
            "committed",
            "received",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Reserved,
            NotAvailable,
            Released,
            Committed,
            Received,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "reserved" => Ok(GeneratedField::Reserved),
                            "notAvailable" | "not_available" => Ok(GeneratedField::NotAvailable),
                            "released" => Ok(GeneratedField::Released),
                            "committed" => Ok(GeneratedField::Committed),
                            "received" => Ok(GeneratedField::Received),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = InventoryDecision;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.inventory.v1.InventoryDecision")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<InventoryDecision, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut decision__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Reserved => {
                            if decision__.is_some() {
                                return Err(serde::de::Error::duplicate_field("reserved"));
                            }
                            decision__ = map_.next_value::<::std::option::Option<_>>()?.map(inventory_decision::Decision::Reserved)
;
                        }
                        GeneratedField::NotAvailable => {
                            if decision__.is_some() {
                                return Err(serde::de::Error::duplicate_field("notAvailable"));
                            }
                            decision__ = map_.next_value::<::std::option::Option<_>>()?.map(inventory_decision::Decision::NotAvailable)
;
                        }
                        GeneratedField::Released => {
                            if decision__.is_some() {
                                return Err(serde::de::Error::duplicate_field("released"));
                            }
                            decision__ = map_.next_value::<::std::option::Option<_>>()?.map(inventory_decision::Decision::Released)
;
                        }
                        GeneratedField::Committed => {
                            if decision__.is_some() {
                                return Err(serde::de::Error::duplicate_field("committed"));
                            }
                            decision__ = map_.next_value::<::std::option::Option<_>>()?.map(inventory_decision::Decision::Committed)
;
                        }
                        GeneratedField::Received => {
                            if decision__.is_some() {
                                return Err(serde::de::Error::duplicate_field("received"));
                            }
                            decision__ = map_.next_value::<::std::option::Option<_>>()?.map(inventory_decision::Decision::Received)
;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(InventoryDecision {
                    decision: decision__,
                })
            }
        }
        deserializer.deserialize_struct("holdfast.inventory.v1.InventoryDecision", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for InventorySnapshot {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.log_sequence != 0 {
            len += 1;
        }
        if self.orders_sequence != 0 {
            len += 1;
        }
        if !self.stock.is_empty() {
            len += 1;
        }
        if !self.reservations.is_empty() {
            len += 1;
        }
        if !self.receipts.is_empty() {
            len += 1;
        }
        if self.part != 0 {
            len += 1;
        }
        if self.last_part {
            len += 1;
        }
        if self.previous_sequence != 0 {
            len += 1;
        }
        if self.first_sequence != 0 {
            len += 1;
        }
        if !self.skipped_sequences.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.inventory.v1.InventorySnapshot", len)?;
        if self.log_sequence != 0 {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("logSequence", ToString::to_string(&self.log_sequence).as_str())?;
        }
        if self.orders_sequence != 0 {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("ordersSequence", ToString::to_string(&self.orders_sequence).as_str())?;
        }
        if !self.stock.is_empty() {
            struct_ser.serialize_field("stock", &self.stock)?;
        }
        if !self.reservations.is_empty() {
            struct_ser.serialize_field("reservations", &self.reservations)?;
        }
        if !self.receipts.is_empty() {
            struct_ser.serialize_field("receipts", &self.receipts)?;
        }
        if self.part != 0 {
            struct_ser.serialize_field("part", &self.part)?;
        }
        if self.last_part {
            struct_ser.serialize_field("lastPart", &self.last_part)?;
        }
        if self.previous_sequence != 0 {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("previousSequence", ToString::to_string(&self.previous_sequence).as_str())?;
        }
        if self.first_sequence != 0 {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("firstSequence", ToString::to_string(&self.first_sequence).as_str())?;
        }
        if !self.skipped_sequences.is_empty() {
            struct_ser.serialize_field("skippedSequences", &self.skipped_sequences.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for InventorySnapshot {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "log_sequence",
            "logSequence",
            "orders_sequence",
            "ordersSequence",
            "stock",
            "reservations",
            "receipts",
            "part",
            "last_part",
            "lastPart",
            "previous_sequence",
            "previousSequence",
            "first_sequence",
            "firstSequence",
            "skipped_sequences",
            "skippedSequences",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            LogSequence,
            OrdersSequence,
            Stock,
            Reservations,
            Receipts,
            Part,
            LastPart,
            PreviousSequence,
            FirstSequence,
            SkippedSequences,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "logSequence" | "log_sequence" => Ok(GeneratedField::LogSequence),
                            "ordersSequence" | "orders_sequence" => Ok(GeneratedField::OrdersSequence),
                            "stock" => Ok(GeneratedField::Stock),
                            "reservations" => Ok(GeneratedField::Reservations),
                            "receipts" => Ok(GeneratedField::Receipts),
                            "part" => Ok(GeneratedField::Part),
                            "lastPart" | "last_part" => Ok(GeneratedField::LastPart),
                            "previousSequence" | "previous_sequence" => Ok(GeneratedField::PreviousSequence),
                            "firstSequence" | "first_sequence" => Ok(GeneratedField::FirstSequence),
                            "skippedSequences" | "skipped_sequences" => Ok(GeneratedField::SkippedSequences),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = InventorySnapshot;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.inventory.v1.InventorySnapshot")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<InventorySnapshot, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut log_sequence__ = None;
                let mut orders_sequence__ = None;
                let mut stock__ = None;
                let mut reservations__ = None;
                let mut receipts__ = None;
                let mut part__ = None;
                let mut last_part__ = None;
                let mut previous_sequence__ = None;
                let mut first_sequence__ = None;
                let mut skipped_sequences__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::LogSequence => {
                            if log_sequence__.is_some() {
                                return Err(serde::de::Error::duplicate_field("logSequence"));
                            }
                            log_sequence__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::OrdersSequence => {
                            if orders_sequence__.is_some() {
                                return Err(serde::de::Error::duplicate_field("ordersSequence"));
                            }
                            orders_sequence__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::Stock => {
                            if stock__.is_some() {
                                return Err(serde::de::Error::duplicate_field("stock"));
                            }
                            stock__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Reservations => {
                            if reservations__.is_some() {
                                return Err(serde::de::Error::duplicate_field("reservations"));
                            }
                            reservations__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Receipts => {
                            if receipts__.is_some() {
                                return Err(serde::de::Error::duplicate_field("receipts"));
                            }
                            receipts__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Part => {
                            if part__.is_some() {
                                return Err(serde::de::Error::duplicate_field("part"));
                            }
                            part__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::LastPart => {
                            if last_part__.is_some() {
                                return Err(serde::de::Error::duplicate_field("lastPart"));
                            }
                            last_part__ = Some(map_.next_value()?);
                        }
                        GeneratedField::PreviousSequence => {
                            if previous_sequence__.is_some() {
                                return Err(serde::de::Error::duplicate_field("previousSequence"));
                            }
                            previous_sequence__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::FirstSequence => {
                            if first_sequence__.is_some() {
                                return Err(serde::de::Error::duplicate_field("firstSequence"));
                            }
                            first_sequence__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::SkippedSequences => {
                            if skipped_sequences__.is_some() {
                                return Err(serde::de::Error::duplicate_field("skippedSequences"));
                            }
                            skipped_sequences__ = 
                                Some(map_.next_value::<Vec<::pbjson::private::NumberDeserialize<_>>>()?
                                    .into_iter().map(|x| x.0).collect())
                            ;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(InventorySnapshot {
                    log_sequence: log_sequence__.unwrap_or_default(),
                    orders_sequence: orders_sequence__.unwrap_or_default(),
                    stock: stock__.unwrap_or_default(),
                    reservations: reservations__.unwrap_or_default(),
                    receipts: receipts__.unwrap_or_default(),
                    part: part__.unwrap_or_default(),
                    last_part: last_part__.unwrap_or_default(),
                    previous_sequence: previous_sequence__.unwrap_or_default(),
                    first_sequence: first_sequence__.unwrap_or_default(),
                    skipped_sequences: skipped_sequences__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("holdfast.inventory.v1.InventorySnapshot", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for NotAvailable {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.cause.is_some() {
            len += 1;
        }
        if !self.skus.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.inventory.v1.NotAvailable", len)?;
        if let Some(v) = self.cause.as_ref() {
            struct_ser.serialize_field("cause", v)?;
        }
        if !self.skus.is_empty() {
            struct_ser.serialize_field("skus", &self.skus)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for NotAvailable {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "cause",
            "skus",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Cause,
            Skus,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "cause" => Ok(GeneratedField::Cause),
                            "skus" => Ok(GeneratedField::Skus),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = NotAvailable;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.inventory.v1.NotAvailable")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<NotAvailable, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut cause__ = None;
                let mut skus__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Cause => {
                            if cause__.is_some() {
                                return Err(serde::de::Error::duplicate_field("cause"));
                            }
                            cause__ = map_.next_value()?;
                        }
                        GeneratedField::Skus => {
                            if skus__.is_some() {
                                return Err(serde::de::Error::duplicate_field("skus"));
                            }
                            skus__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(NotAvailable {
                    cause: cause__,
                    skus: skus__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("holdfast.inventory.v1.NotAvailable", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for Received {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.receipt_id.is_empty() {
            len += 1;
        }
        if self.line.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.inventory.v1.Received", len)?;
        if !self.receipt_id.is_empty() {
            struct_ser.serialize_field("receiptId", &self.receipt_id)?;
        }
        if let Some(v) = self.line.as_ref() {
            struct_ser.serialize_field("line", v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for Received {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "receipt_id",
            "receiptId",
            "line",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            ReceiptId,
            Line,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "receiptId" | "receipt_id" => Ok(GeneratedField::ReceiptId),
                            "line" => Ok(GeneratedField::Line),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = Received;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.inventory.v1.Received")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<Received, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut receipt_id__ = None;
                let mut line__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::ReceiptId => {
                            if receipt_id__.is_some() {
                                return Err(serde::de::Error::duplicate_field("receiptId"));
                            }
                            receipt_id__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Line => {
                            if line__.is_some() {
                                return Err(serde::de::Error::duplicate_field("line"));
                            }
                            line__ = map_.next_value()?;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(Received {
                    receipt_id: receipt_id__.unwrap_or_default(),
                    line: line__,
                })
            }
        }
        deserializer.deserialize_struct("holdfast.inventory.v1.Received", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for Released {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.cause.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.inventory.v1.Released", len)?;
        if let Some(v) = self.cause.as_ref() {
            struct_ser.serialize_field("cause", v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for Released {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "cause",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Cause,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "cause" => Ok(GeneratedField::Cause),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = Released;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.inventory.v1.Released")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<Released, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut cause__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Cause => {
                            if cause__.is_some() {
                                return Err(serde::de::Error::duplicate_field("cause"));
                            }
                            cause__ = map_.next_value()?;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(Released {
                    cause: cause__,
                })
            }
        }
        deserializer.deserialize_struct("holdfast.inventory.v1.Released", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for Reservation {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.order_id.is_empty() {
            len += 1;
        }
        if !self.lines.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.inventory.v1.Reservation", len)?;
        if !self.order_id.is_empty() {
            struct_ser.serialize_field("orderId", &self.order_id)?;
        }
        if !self.lines.is_empty() {
            struct_ser.serialize_field("lines", &self.lines)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for Reservation {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "order_id",
            "orderId",
            "lines",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            OrderId,
            Lines,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "orderId" | "order_id" => Ok(GeneratedField::OrderId),
                            "lines" => Ok(GeneratedField::Lines),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = Reservation;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.inventory.v1.Reservation")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<Reservation, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut order_id__ = None;
                let mut lines__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::OrderId => {
                            if order_id__.is_some() {
                                return Err(serde::de::Error::duplicate_field("orderId"));
                            }
                            order_id__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Lines => {
                            if lines__.is_some() {
                                return Err(serde::de::Error::duplicate_field("lines"));
                            }
                            lines__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(Reservation {
                    order_id: order_id__.unwrap_or_default(),
                    lines: lines__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("holdfast.inventory.v1.Reservation", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for Reserved {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.cause.is_some() {
            len += 1;
        }
        if !self.lines.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.inventory.v1.Reserved", len)?;
        if let Some(v) = self.cause.as_ref() {
            struct_ser.serialize_field("cause", v)?;
        }
        if !self.lines.is_empty() {
            struct_ser.serialize_field("lines", &self.lines)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for Reserved {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "cause",
            "lines",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Cause,
            Lines,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "cause" => Ok(GeneratedField::Cause),
                            "lines" => Ok(GeneratedField::Lines),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = Reserved;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.inventory.v1.Reserved")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<Reserved, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut cause__ = None;
                let mut lines__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Cause => {
                            if cause__.is_some() {
                                return Err(serde::de::Error::duplicate_field("cause"));
                            }
                            cause__ = map_.next_value()?;
                        }
                        GeneratedField::Lines => {
                            if lines__.is_some() {
                                return Err(serde::de::Error::duplicate_field("lines"));
                            }
                            lines__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(Reserved {
                    cause: cause__,
                    lines: lines__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("holdfast.inventory.v1.Reserved", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for StockLevel {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.sku.is_empty() {
            len += 1;
        }
        if self.available != 0 {
            len += 1;
        }
        if self.reserved != 0 {
            len += 1;
        }
        if self.sold != 0 {
            len += 1;
        }
        if self.received != 0 {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.inventory.v1.StockLevel", len)?;
        if !self.sku.is_empty() {
            struct_ser.serialize_field("sku", &self.sku)?;
        }
        if self.available != 0 {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("available", ToString::to_string(&self.available).as_str())?;
        }
        if self.reserved != 0 {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("reserved", ToString::to_string(&self.reserved).as_str())?;
        }
        if self.sold != 0 {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("sold", ToString::to_string(&self.sold).as_str())?;
        }
        if self.received != 0 {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("received", ToString::to_string(&self.received).as_str())?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for StockLevel {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "sku",
            "available",
            "reserved",
            "sold",
            "received",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Sku,
            Available,
            Reserved,
            Sold,
            Received,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "sku" => Ok(GeneratedField::Sku),
                            "available" => Ok(GeneratedField::Available),
                            "reserved" => Ok(GeneratedField::Reserved),
                            "sold" => Ok(GeneratedField::Sold),
                            "received" => Ok(GeneratedField::Received),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = StockLevel;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.inventory.v1.StockLevel")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<StockLevel, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut sku__ = None;
                let mut available__ = None;
                let mut reserved__ = None;
                let mut sold__ = None;
                let mut received__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Sku => {
                            if sku__.is_some() {
                                return Err(serde::de::Error::duplicate_field("sku"));
                            }
                            sku__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Available => {
                            if available__.is_some() {
                                return Err(serde::de::Error::duplicate_field("available"));
                            }
                            available__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::Reserved => {
                            if reserved__.is_some() {
                                return Err(serde::de::Error::duplicate_field("reserved"));
                            }
                            reserved__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::Sold => {
                            if sold__.is_some() {
                                return Err(serde::de::Error::duplicate_field("sold"));
                            }
                            sold__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::Received => {
                            if received__.is_some() {
                                return Err(serde::de::Error::duplicate_field("received"));
                            }
                            received__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(StockLevel {
                    sku: sku__.unwrap_or_default(),
                    available: available__.unwrap_or_default(),
                    reserved: reserved__.unwrap_or_default(),
                    sold: sold__.unwrap_or_default(),
                    received: received__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("holdfast.inventory.v1.StockLevel", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for StockLine {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.sku.is_empty() {
            len += 1;
        }
        if self.quantity != 0 {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.inventory.v1.StockLine", len)?;
        if !self.sku.is_empty() {
            struct_ser.serialize_field("sku", &self.sku)?;
        }
        if self.quantity != 0 {
            struct_ser.serialize_field("quantity", &self.quantity)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for StockLine {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "sku",
            "quantity",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Sku,
            Quantity,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "sku" => Ok(GeneratedField::Sku),
                            "quantity" => Ok(GeneratedField::Quantity),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = StockLine;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.inventory.v1.StockLine")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<StockLine, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut sku__ = None;
                let mut quantity__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Sku => {
                            if sku__.is_some() {
                                return Err(serde::de::Error::duplicate_field("sku"));
                            }
                            sku__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Quantity => {
                            if quantity__.is_some() {
                                return Err(serde::de::Error::duplicate_field("quantity"));
                            }
                            quantity__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(StockLine {
                    sku: sku__.unwrap_or_default(),
                    quantity: quantity__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("holdfast.inventory.v1.StockLine", FIELDS, GeneratedVisitor)
    }
}
