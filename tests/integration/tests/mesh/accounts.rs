//! What people do with their accounts, and what nobody can do with another's.

use holdfast_tests_integration::{Account, Answer, Shop, Tokens, eventually, send};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::{PATIENCE, SKU, is_problem, order, platform, shop, status};

async fn completed(shop: &Shop, placed: &Answer) {
    assert_eq!(placed.status, StatusCode::CREATED, "{placed:?}");
    let id = placed.id();
    eventually(PATIENCE, async || match status(shop, id).await? {
        status if status == "completed" => Ok(()),
        other => Err(format!("{id} is {other}")),
    })
    .await;
}

#[tokio::test]
async fn a_stranger_registers_logs_in_orders_and_sees_what_is_hers_alone() {
    let (platform, _turn) = platform().await;
    let (ada, bert) = (
        Account::new_shop(&platform).await,
        Account::new_shop(&platform).await,
    );
    let products = send(ada.at(Method::GET, "/v1/products?limit=3")).await.unwrap();
    assert_eq!(
        products.body["items"].as_array().unwrap().len(),
        3,
        "{products:?}"
    );
    let placed = order(&ada).await;
    completed(&ada, &placed).await;
    let listed = ada.get("").await.unwrap();
    assert_eq!(
        listed.body["items"][0]["id"],
        placed.id().to_string(),
        "{listed:?}"
    );

    let one = format!("/{}", placed.id());
    for path in [one.clone(), format!("{one}/events")] {
        is_problem(&bert.get(&path).await.unwrap(), 404);
    }
    let cancelled = send(bert.request(Method::POST, &format!("{one}/cancel"))).await;
    is_problem(&cancelled.unwrap(), 404);
    assert_eq!(bert.get("").await.unwrap().body["items"], json!([]));
    let staff = shop(&platform, "staff").await;
    assert_eq!(staff.get(&one).await.unwrap().body["id"], placed.body["id"]);

    let product = format!("/v1/products/{SKU}");
    for (method, path) in [
        (Method::POST, "/v1/products".to_owned()),
        (Method::PUT, product.clone()),
        (Method::DELETE, product),
        (Method::POST, format!("/v1/stock/{SKU}/receipts")),
        (Method::POST, format!("/v1/orders{one}/resume")),
    ] {
        let answer = send(ada.at(method, &path).json(&json!({}))).await.unwrap();
        is_problem(&answer, 403);
    }
    let user = placed.body["user_id"].as_str().unwrap();
    let contact = send(ada.at(Method::GET, &format!("/v1/contacts/{user}"))).await;
    is_problem(&contact.unwrap(), 404);
}

fn is_no_good(answer: &Answer) {
    is_problem(answer, 400);
    assert_eq!(answer.body["error"], "invalid_grant", "{answer:?}");
}

#[tokio::test]
async fn a_session_ends_when_its_token_comes_twice_at_logout_and_with_the_password() {
    let (platform, _turn) = platform().await;
    let ada = Account::register(&platform).await;
    let me = |tokens: &Tokens, method, path: &str| {
        Shop::behind_gateway(&platform, &tokens.access).at(method, &format!("/v1{path}"))
    };

    let first = ada.log_in().await;
    let second = Tokens::of(&ada.refresh(&first.refresh).await);
    let shown = send(me(&second, Method::GET, "/users/me")).await.unwrap();
    assert_eq!(shown.body["email"], ada.email, "{shown:?}");
    is_no_good(&ada.refresh(&first.refresh).await);
    is_no_good(&ada.refresh(&second.refresh).await);

    let tokens = ada.log_in().await;
    let other = ada.log_in().await;
    let out = send(me(&tokens, Method::DELETE, "/sessions/current"))
        .await
        .unwrap();
    assert_eq!(out.status, StatusCode::NO_CONTENT, "{out:?}");
    is_no_good(&ada.refresh(&tokens.refresh).await);

    let new = "another tide pool 71";
    let change = |current: &str| json!({"current_password": current, "new_password": new});
    let path = "/users/me/password";
    let wrong = send(me(&other, Method::PUT, path).json(&change("guess"))).await;
    is_problem(&wrong.unwrap(), 422);
    let changed = send(me(&other, Method::PUT, path).json(&change(&ada.password))).await;
    assert_eq!(changed.unwrap().status, StatusCode::NO_CONTENT);
    is_no_good(&ada.refresh(&other.refresh).await);
    is_problem(&ada.try_log_in(&ada.password).await, 401);
    assert_eq!(ada.try_log_in(new).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_erased_account_lets_nobody_in_and_its_orders_keep_the_id_alone() {
    let (platform, _turn) = platform().await;
    let account = Account::register(&platform).await;
    let tokens = account.log_in().await;
    let ada = Shop::behind_gateway(&platform, &tokens.access);
    let placed = order(&ada).await;
    completed(&ada, &placed).await;
    let export = send(ada.at(Method::GET, "/v1/users/me/export")).await.unwrap();
    assert!(
        export.header("content-disposition").contains("attachment"),
        "{export:?}"
    );
    let exported = export.body.to_string();
    for kept in [account.email.as_str(), "Ada Sample", "+4930123456"] {
        assert!(exported.contains(kept), "{export:?}");
    }

    let erased = send(ada.at(Method::DELETE, "/v1/users/me")).await.unwrap();
    assert_eq!(erased.status, StatusCode::ACCEPTED, "{erased:?}");
    is_problem(&account.try_log_in(&account.password).await, 401);
    is_no_good(&account.refresh(&tokens.refresh).await);
    is_problem(&send(ada.at(Method::GET, "/v1/users/me")).await.unwrap(), 401);

    let staff = shop(&platform, "staff").await;
    let path = format!("/{}", placed.id());
    let (shown, events) = (
        staff.get(&path).await.unwrap(),
        staff.get(&format!("{path}/events")).await.unwrap(),
    );
    assert_eq!(
        (&shown.body["status"], &shown.body["user_id"]),
        (&json!("completed"), &placed.body["user_id"])
    );
    let told = format!("{}{}", shown.body, events.body);
    assert!(!told.contains(&account.email) && !told.contains("Ada"), "{told}");
}
